import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { ApisixConsumer } from '../model/gateway.ts';
import { stateFile } from '../state/index.ts';

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
const file = stateFile<z.output<typeof format>>('consumers', format, { version: 1, consumers: [] });

/** A new key, long enough that nobody guesses it. */
export const newConsumerKey = (): string => `qbtc_${randomBytes(KEY_BYTES).toString('base64url')}`;

/** @throws QbtcError CONSUMERS_UNREADABLE */
export async function readConsumers(root: string): Promise<KeptConsumer[]> {
  return (await file.read(root)).consumers;
}

/** @throws QbtcError CONSUMERS_UNREADABLE, STATE_NOT_WRITABLE */
export async function changeConsumers(
  root: string,
  change: (consumers: readonly KeptConsumer[]) => KeptConsumer[],
): Promise<void> {
  await file.change(root, ({ version, consumers }) => ({ version, consumers: change(consumers) }));
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
