import { randomBytes } from 'node:crypto';
import { AmqpError } from './errors.ts';

/** Names that start so are the broker's own. */
const RESERVED = 'amq.';
/** The pseudo-queue of direct reply-to, and the prefix of the addresses that it hands out. */
export const REPLY_QUEUE = 'amq.rabbitmq.reply-to';
export const REPLY_PREFIX = `${REPLY_QUEUE}.`;

/** A name that nobody else has: `amq.gen-…` for queues, `amq.ctag-…` for consumers. */
export function generateName(prefix: 'amq.gen' | 'amq.ctag'): string {
  return `${prefix}-${randomBytes(16).toString('base64url')}`;
}

export function isReserved(name: string): boolean {
  return name.startsWith(RESERVED);
}

/** Refuses to create what has a reserved name. */
export function assertNotReserved(kind: 'queue' | 'exchange', name: string): void {
  if (isReserved(name))
    throw new AmqpError('ACCESS_REFUSED', `${kind} name '${name}' contains reserved prefix 'amq.*'`);
}

/** RabbitMQ takes line breaks out of names. */
export function withoutLineBreaks(name: string): string {
  return /[\r\n]/.test(name) ? name.replace(/[\r\n]/g, '') : name;
}

/** Whether a text fits into the short string in which names and routing keys travel. */
export function fitsShortString(text: string): boolean {
  return Buffer.byteLength(text) <= 255;
}
