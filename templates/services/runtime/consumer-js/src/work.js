import { Rejection } from '@stack/runtime/bus';

/**
 * Does one task. It is acknowledged when this resolves, and tried again after an error. One that can never be done is a
 * `Rejection`: it goes to the dead letters with its reason. A task may come twice: what it does must be the same then, or
 * be remembered (`createInbox` of @stack/runtime/bus).
 *
 * @param {Pick<import('@stack/runtime/bus').Delivery<{ task: string }>, 'event' | 'log'>} delivery
 */
export async function work({ event: { data }, log }) {
  const task = data.task.trim();
  if (task === '') throw new Rejection('a task of blanks cannot be done');
  log.info('did a task', { task });
}
