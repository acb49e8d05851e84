import * as z from 'zod';
import { bytes, number, shown, text, truth } from './scalars.ts';

/** What is mounted where. */
export interface Mount {
  type: 'bind' | 'volume' | 'tmpfs';
  /** A path of this machine, or the key of a volume; left out for a volume without a name and for memory. */
  source?: string;
  target: string;
  /** `ro`, `z`, `rshared`, `nocopy`: as the engine takes them. */
  options: string[];
  /** Of memory. */
  sizeBytes?: number;
  mode?: number;
  /** A path that must be there; left out, the engine makes it. */
  mustExist?: true;
}

const OPTIONS = new Set([
  ...['ro', 'rw', 'nocopy', 'z', 'Z', 'cached', 'delegated', 'consistent'],
  ...['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'],
]);
/** Of a time when Docker for Mac kept two copies; the engine takes them no longer. */
const WITHOUT_EFFECT = new Set(['cached', 'delegated', 'consistent', 'rw']);

/**
 * The short form: `/var/lib/x` (a volume without a name), `data:/var/lib/x`, `./file:/etc/file:ro` (Compose
 * specification, "volumes").
 */
export function shortVolume(written: string): Mount | { problem: string } {
  const problem = (expected: string) => ({ problem: `found ${shown(written)}, expected ${expected}` });
  // A drive of Windows has a colon of its own.
  const parts = written
    .replace(/^([A-Za-z]):(?=\\|\/[^:]*:\/)/, '$1\0')
    .split(':')
    .map((part) => part.replace('\0', ':'));
  if (parts.length > 3 || parts.some((part) => part === '')) return problem('[SOURCE:]TARGET[:OPTIONS]');
  const [first = '', target, said] = parts;
  if (target === undefined) return { type: 'volume', target: first, options: [] };
  const options = (said ?? '').split(',').filter((option) => option !== '');
  const unknown = options.find((option) => !OPTIONS.has(option));
  if (unknown !== undefined) return problem(`one of ${[...OPTIONS].join(', ')} in the place of ${unknown}`);
  return {
    type: isPath(first) ? 'bind' : 'volume',
    source: first,
    target,
    options: options.filter((option) => !WITHOUT_EFFECT.has(option)),
  };
}

function isPath(source: string): boolean {
  return /^(?:[./~]|\\\\|[A-Za-z]:)/.test(source);
}

const longVolume = z
  .strictObject({
    type: z.enum(['bind', 'volume', 'tmpfs'], { error: 'expected bind, volume or tmpfs' }),
    source: text.optional(),
    target: text,
    read_only: truth.optional(),
    consistency: text.optional(),
    bind: z
      .strictObject({
        propagation: text.optional(),
        create_host_path: truth.optional(),
        selinux: z.enum(['z', 'Z']).optional(),
      })
      .optional(),
    volume: z.strictObject({ nocopy: truth.optional() }).optional(),
    tmpfs: z.strictObject({ size: bytes.optional(), mode: number.optional() }).optional(),
  })
  .transform(({ type, source, target, read_only, bind, volume, tmpfs }, context): Mount => {
    if (type === 'bind' && source === undefined)
      context.addIssue('found bind without source, expected a path');
    return {
      type,
      ...(source === undefined || type === 'tmpfs' ? {} : { source }),
      target,
      options: [
        ...(read_only === true ? ['ro'] : []),
        ...(bind?.propagation === undefined ? [] : [bind.propagation]),
        ...(bind?.selinux === undefined ? [] : [bind.selinux]),
        ...(volume?.nocopy === true ? ['nocopy'] : []),
      ],
      ...(tmpfs?.size === undefined ? {} : { sizeBytes: tmpfs.size }),
      ...(tmpfs?.mode === undefined ? {} : { mode: tmpfs.mode }),
      ...(bind?.create_host_path === false ? { mustExist: true as const } : {}),
    };
  });

export const volumes = z
  .array(z.unknown())
  .transform((entries, context) =>
    entries.flatMap((entry, index): Mount[] => {
      if (typeof entry === 'string') {
        const found = shortVolume(entry);
        if (!('problem' in found)) return [found];
        context.addIssue({ code: 'custom', message: found.problem, path: [index] });
        return [];
      }
      const parsed = longVolume.safeParse(entry);
      for (const issue of parsed.error?.issues ?? [])
        context.addIssue({
          code: 'custom',
          message:
            issue.code === 'unrecognized_keys'
              ? `${issue.keys.join(', ')} is not carried out`
              : issue.message,
          path: [index, ...issue.path],
        });
      return parsed.success ? [parsed.data] : [];
    }),
  )
  .default([]);
