import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import * as z from 'zod';
import { messageOf, QbtcError } from '../errors.ts';
import type { ApisixConsumer } from '../model/gateway.ts';

/**
 * Consumers that `qbtc consumers add` made: who may call this stack is a matter of where it runs, not of its code, so
 * they stand beside the secrets in `.qbtc/`, readable by their owner only.
 */
const kept = z.strictObject({
  username: z.string(),
  key: z.string(),
  /** Still good after `rotate --overlap`, until it is revoked or the next rotation. */
  previous: z.string().optional(),
  /** ISO 8601. */
  createdAt: z.string(),
  rotatedAt: z.string().optional(),
  /** At most so many requests in so many seconds, on all routes that count by consumer. */
  limit: z.strictObject({ count: z.int().positive(), seconds: z.int().positive() }).optional(),
});
const format = z.strictObject({ version: z.literal(1), consumers: z.array(kept) });

export type KeptConsumer = z.output<typeof kept>;

const KEY_BYTES = 24;
const fileOf = (root: string) => join(root, '.qbtc', 'consumers.json');

/** A new key, long enough that nobody guesses it. */
export const newConsumerKey = (): string => `qbtc_${randomBytes(KEY_BYTES).toString('base64url')}`;

/** @throws QbtcError CONSUMERS_UNREADABLE */
export async function readConsumers(root: string): Promise<KeptConsumer[]> {
  const file = fileOf(root);
  try {
    return format.parse(JSON.parse(await readFile(file, 'utf8'))).consumers;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new QbtcError('CONSUMERS_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'it holds the keys of consumers; put a copy of it back, or remove it and add them anew',
      cause: error,
    });
  }
}

/** @throws QbtcError CONSUMERS_NOT_WRITABLE */
export async function writeConsumers(root: string, consumers: readonly KeptConsumer[]): Promise<void> {
  const file = fileOf(root);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFileAtomic(file, `${JSON.stringify({ version: 1, consumers }, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new QbtcError('CONSUMERS_NOT_WRITABLE', `${file} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The consumer as the gateway gets it: its key alone (header `apikey`), and as `Authorization: Bearer KEY`. */
export function asApisix({ username, key, previous, limit }: KeptConsumer): ApisixConsumer {
  const credentials = (name: string, value: string) => [
    { id: `${name}-bearer`, plugins: { 'key-auth': { key: `Bearer ${value}` } } },
    { id: `${name}-apikey`, plugins: { 'key-auth': { key: value } } },
  ];
  return {
    username,
    ...(limit === undefined
      ? {}
      : {
          plugins: {
            'limit-count': {
              count: limit.count,
              time_window: limit.seconds,
              key_type: 'var',
              key: 'consumer_name',
              rejected_code: 429,
              rejected_msg: `rate limit reached: ${limit.count} requests in ${limit.seconds} s`,
            },
          },
        }),
    credentials: [
      ...credentials(username, key),
      ...(previous === undefined ? [] : credentials(`${username}-previous`, previous)),
    ],
  };
}

/** The keys by the names under which they are secrets of the stack. */
export function consumerSecrets(consumers: readonly KeptConsumer[]): Record<string, string> {
  return Object.fromEntries(
    consumers.flatMap(({ username, key, previous }) => [
      [`consumer-${username}`, key],
      ...(previous === undefined ? [] : [[`consumer-${username}-previous`, previous]]),
    ]),
  );
}
