import { type Delivery, Rejection } from '@stack/runtime/bus';
import type { YourServiceTask } from './contracts/events.ts';

/**
 * Does one task. It is acknowledged when this resolves, and tried again after an error. One that can never be done is a
 * `Rejection`: it goes to the dead letters with its reason. A task may come twice: what it does must be the same then, or
 * be remembered (`createInbox` of @stack/runtime/bus).
 */
export async function work({
  event: { data },
  log,
}: Pick<Delivery<YourServiceTask>, 'event' | 'log'>): Promise<void> {
  const task = data.task.trim();
  if (task === '') throw new Rejection('a task of blanks cannot be done');
  log.info('did a task', { task });
}
