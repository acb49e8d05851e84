import type { QueueSettings } from './arguments.ts';

/** Whether a queue that holds so much would be above one of its limits. */
export function isAboveLimit(
  { maxLength, maxLengthBytes }: QueueSettings,
  length: number,
  bytes: number,
): boolean {
  return (
    (maxLength !== undefined && length > maxLength) ||
    (maxLengthBytes !== undefined && bytes > maxLengthBytes)
  );
}

/** Whether room is made by dropping the oldest; otherwise publishers are refused. */
export function dropsHead({ overflow }: QueueSettings): boolean {
  return overflow === undefined || overflow === 'drop-head';
}

/** Only then RabbitMQ dead-letters at least once, and otherwise at most once. */
export function keepsDeadLetters({
  type,
  overflow,
  deadLetterStrategy,
  deadLetterExchange,
}: QueueSettings): boolean {
  if (type !== 'quorum' || deadLetterExchange === undefined) return false;
  return deadLetterStrategy === 'at-least-once' && overflow === 'reject-publish';
}
