import type { Context } from '../context.ts';
import type { Address, Protocol } from '../model/discovery.ts';

/** A server that speaks one of these protocols answers at once. */
const ANSWER_MS = 500;

/** What a client of each protocol says first. */
const GREETINGS: Partial<Record<Protocol, Buffer>> = {
  http: Buffer.from('OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
  amqp: Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1]),
  // An inline command of the Redis protocol, which every server answers, with a password or without.
  redis: Buffer.from('PING\r\n'),
  // SSLRequest of the PostgreSQL protocol, 53.2.11: its answer is one byte, S or N.
  postgresql: Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]),
};
const USUAL_PORTS: Record<number, Protocol> = { 5672: 'amqp', 6379: 'redis', 5432: 'postgresql' };
const USUAL_PROGRAMS: readonly [RegExp, Protocol][] = [
  [/^redis|^valkey/, 'redis'],
  [/^postgres|^pgbouncer/, 'postgresql'],
  [/^beam/, 'amqp'],
];

/**
 * Asks what speaks at an address: the protocol that is to be expected there first, so that no server logs a client that
 * talks nonsense; then HTTP, and PostgreSQL, which closes without a word when it is spoken to in any other.
 */
export async function askProtocol(
  { tcp }: Pick<Context, 'tcp'>,
  address: Address,
  expected: Protocol | undefined,
  program: string | undefined,
): Promise<Protocol> {
  const usual = expected ?? usualFor(address.port, program);
  const order = [...new Set<Protocol>([usual ?? 'http', 'http', 'postgresql'])];
  let last: Protocol = 'silent';
  for (const protocol of order) {
    const greeting = GREETINGS[protocol];
    if (greeting === undefined) continue;
    try {
      const answer = await tcp.ask(address, greeting, ANSWER_MS);
      // Who says nothing now will say nothing to the next question.
      if (answer === undefined) return 'silent';
      last = answer.length === 0 ? 'other' : protocolOf(answer, protocol);
      if (answer.length > 0) return last;
    } catch {
      return 'closed';
    }
  }
  return last;
}

function usualFor(port: number, program: string | undefined): Protocol | undefined {
  return USUAL_PROGRAMS.find(([pattern]) => pattern.test(program ?? ''))?.[1] ?? USUAL_PORTS[port];
}

/**
 * Tells a protocol by the first bytes of an answer.
 *
 * @param asked what the bytes are the answer to: the one byte of PostgreSQL means something to its own question only
 */
export function protocolOf(answer: Buffer, asked: Protocol): Protocol {
  const start = answer.toString('latin1', 0, 16);
  if (/^HTTP\/\d/.test(start)) return 'http';
  // The header with which a server names the version that it speaks, or the method frame connection.start.
  if (start.startsWith('AMQP')) return 'amqp';
  if (asked === 'amqp' && answer[0] === 1 && answer.readUInt16BE(1) === 0) return 'amqp';
  if (/^[+-](PONG|ERR|NOAUTH|NOPERM|DENIED|LOADING|MASTERDOWN)/.test(start)) return 'redis';
  if (start.startsWith('SSH-')) return 'ssh';
  if (asked === 'postgresql' && answer.length === 1 && /[SN]/.test(start)) return 'postgresql';
  // A TLS alert (21) or handshake (22), version 3.x; a web server that speaks TLS may also answer with HTTP.
  if ((answer[0] === 0x15 || answer[0] === 0x16) && answer[1] === 0x03) return 'tls';
  return 'other';
}
