import { log } from './service.ts';

/** The event can never be dealt with: it goes to the dead letters. */
export class Rejection extends Error {}

/**
 * Does one task; its data is to be as event-schemas/your_service_task.json says. It is acknowledged when this resolves, and
 * tried again after an error, a few times. A task may come twice: what it does must be the same then.
 */
export async function work(data: unknown, correlationId: string): Promise<void> {
  const isTask = typeof data === 'object' && data !== null && Object.keys(data).join() === 'task';
  const { task } = (isTask ? data : {}) as { task?: unknown };
  if (typeof task !== 'string' || task.length > 200 || task.trim() === '')
    throw new Rejection(
      'expected {"task": "..."}, of 1 to 200 characters; see event-schemas/your_service_task.json',
    );
  log('info', 'did a task', { task: task.trim() }, correlationId);
}
