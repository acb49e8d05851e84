import * as z from 'zod';
import { count, shown, text } from './scalars.ts';

/** A port of the container, and the ports of this machine that it may be reached at. */
export interface PublishedPort {
  /** `5432/tcp` */
  container: string;
  /** The address; empty for all. */
  host: string;
  /** `8000`, `8000-8002` for the first free one of a range, empty for any. */
  published: string;
}

const SHORT = /^(?:(?:(\[[^\]]*\]|[^:[\]]*):)?((?:\d+(?:-\d+)?)?):)?(\d+(?:-\d+)?)(?:\/(tcp|udp|sctp))?$/i;
const HIGHEST = 65_535;

/**
 * The short form: `80`, `8080:80`, `127.0.0.1:5000-5002:5000-5002/udp`, `[::1]::80` (Compose specification, "ports").
 *
 * @returns one for each port of the container; or what is wrong
 */
export function shortPort(written: string): PublishedPort[] | { problem: string } {
  const [whole, address = '', outside = '', inside = '', protocol = 'tcp'] = SHORT.exec(written) ?? [];
  const problem = (expected: string) => ({ problem: `found ${shown(written)}, expected ${expected}` });
  if (whole === undefined) return problem('[ADDRESS:][PORT:]PORT[/PROTOCOL], each PORT one or a range');
  const within = range(inside);
  const published = range(outside);
  if (within === undefined || published === undefined || within[0] === 0)
    return problem(`ports from 1 to ${HIGHEST}, and ranges from low to high`);
  const size = within[1] - within[0];
  const host = address.replace(/^\[|\]$/g, '');
  const name = protocol.toLowerCase();
  // Several of this machine's for one of the container's: whichever is free.
  if (size === 0) return [{ container: `${within[0]}/${name}`, host, published: outside }];
  if (outside !== '' && published[1] - published[0] !== size)
    return problem('as many ports of this machine as of the container');
  return Array.from({ length: size + 1 }, (_, index) => ({
    container: `${within[0] + index}/${name}`,
    host,
    published: outside === '' ? '' : String(published[0] + index),
  }));
}

/** `8000-8002` from low to high; nothing for what is none. */
function range(written: string): [number, number] | undefined {
  const [from = 0, to = from] = written.split('-').map(Number);
  return from <= to && to <= HIGHEST ? [from, to] : undefined;
}

const longPort = z
  .strictObject({
    target: count,
    published: text.optional(),
    host_ip: text.optional(),
    protocol: text.optional(),
    // Of a swarm, and for people.
    mode: z.enum(['host', 'ingress']).optional(),
    name: text.optional(),
    app_protocol: text.optional(),
  })
  .transform(({ target, published = '', host_ip = '', protocol = 'tcp' }) => {
    const address = host_ip.includes(':') ? `[${host_ip}]` : host_ip;
    return `${address === '' ? '' : `${address}:`}${published}:${target}/${protocol}`;
  });

export const ports = z
  .array(z.union([text, longPort], { error: 'expected PORT:PORT, or target and published' }))
  .transform((entries, context) =>
    entries.flatMap((written): PublishedPort[] => {
      const found = shortPort(written);
      if (Array.isArray(found)) return found;
      context.addIssue(found.problem);
      return [];
    }),
  )
  .default([]);

/** `3000`, `8000-8010`, `53/udp`, each as the engine names it. */
export const exposed = z
  .array(text)
  .transform((entries, context) =>
    entries.flatMap((written) => {
      const found = written.includes(':')
        ? { problem: `found ${shown(written)}, expected a port` }
        : shortPort(written);
      if (Array.isArray(found)) return found.map(({ container }) => container);
      context.addIssue(found.problem);
      return [];
    }),
  )
  .default([]);
