import * as z from 'zod';

/** The routing keys of the announcements, and the types of their events. */
export const ANNOUNCED = {
  'service.registered': 'service_registered',
  'service.changed': 'service_changed',
  'service.gone': 'service_gone',
} as const;
export type AnnouncedKey = keyof typeof ANNOUNCED;
export const ANNOUNCED_KEYS = Object.keys(ANNOUNCED) as AnnouncedKey[];

/** What our own announcements come from: they are no evidence for us. */
export const ANNOUNCER = 'qbtc-discover';

const there = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,38}[a-zA-Z0-9])?$/),
  instance: z.string().min(1).max(256),
  version: z.string().min(1).max(64).optional(),
  host: z
    .string()
    .regex(/^[a-zA-Z0-9.:_-]+$/)
    .max(253),
  port: z.int().min(1).max(65_535),
  protocol: z.string(),
  health: z.string().startsWith('/').max(1024).optional(),
});
const gone = z.looseObject({ name: z.string(), instance: z.string() });
const event = z.looseObject({ type: z.string(), source: z.string(), time: z.string(), data: z.unknown() });

/** An instance of a service that said on the bus that it is there. */
export interface Announced {
  name: string;
  instance: string;
  host: string;
  port: number;
  protocol: string;
  version?: string | undefined;
  health?: string | undefined;
  /** Milliseconds since the epoch. */
  at: number;
  /** Who published it. */
  source: string;
}

/**
 * Who is there, by what was announced: of each instance the latest word counts, in whatever order the words came.
 * What is no announcement, or one of our own, is passed over.
 */
export function foldAnnouncements(contents: Iterable<Buffer>): Announced[] {
  const latest = new Map<string, { at: number; announced: Announced | undefined }>();
  for (const content of contents) {
    const read = readAnnouncement(content);
    if (read === undefined) continue;
    const known = latest.get(read.key);
    // At the same instant a goodbye comes after a greeting.
    const isNewer =
      known === undefined || read.at > known.at || (read.at === known.at && read.announced === undefined);
    if (isNewer) latest.set(read.key, read);
  }
  return [...latest.values()].flatMap(({ announced }) => (announced === undefined ? [] : [announced]));
}

function readAnnouncement(
  content: Buffer,
): { key: string; at: number; announced: Announced | undefined } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
  const parsed = event.safeParse(json);
  if (!parsed.success || parsed.data.source === ANNOUNCER) return undefined;
  const { type, source, time, data } = parsed.data;
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  if (type === ANNOUNCED['service.gone']) {
    const read = gone.safeParse(data);
    return read.success
      ? { key: `${read.data.name}\n${read.data.instance}`, at, announced: undefined }
      : undefined;
  }
  if (type !== ANNOUNCED['service.registered'] && type !== ANNOUNCED['service.changed']) return undefined;
  const read = there.safeParse(data);
  if (!read.success) return undefined;
  const { name, instance, host, port, protocol, version, health } = read.data;
  return {
    key: `${name}\n${instance}`,
    at,
    announced: { name, instance, host, port, protocol, version, health, at, source },
  };
}
