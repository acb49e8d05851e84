import type { Context } from '../context.ts';
import type { Stack } from '../model/stack.ts';
import type { MigrationReport } from '../model/topology.ts';
import { isSupervised, observeRunning } from '../placement/index.ts';
import { isAlive } from '../runtimes/containers/index.ts';
import { instancesOf } from '../services/index.ts';
import { migrateQueue } from '../topology/index.ts';
import { withLock } from './lock.ts';
import { stop } from './stop.ts';
import { up } from './up.ts';

/** Without a terminal each report is a line. */
const REPORT_EVERY_MS = 1_000;

/**
 * Migrates a queue: the services of the stack that use it are ended for the time that it takes, and started again.
 *
 * @throws QbtcError those of `migrateQueue`, `stop` and `up`
 */
export async function migrate(
  context: Context,
  stack: Stack,
  queue: string,
  timeoutMs: number,
): Promise<MigrationReport> {
  const { progress } = context.io;
  let nextReport = 0;
  const report = await migrateQueue(context, stack, queue, {
    async running(services) {
      const present = await observeRunning(context, stack.root);
      const alive = new Set([
        ...present.processes.filter(isSupervised).map(({ name }) => name),
        ...present.containers.filter(isAlive).map((container) => container.service),
      ]);
      return stack.services
        .filter((service) => services.includes(service.name))
        .filter((service) =>
          [service.name, ...instancesOf(service).map(({ name }) => name)].some((name) => alive.has(name)),
        )
        .map(({ name }) => name);
    },
    // `stop` and `up` take the lock themselves.
    async pause(services) {
      if (services.length === 0) return;
      await stop(context, stack, services);
    },
    async resume(services) {
      if (services.length === 0) return;
      await up(context, stack, { apply: false, timeoutMs, placement: {}, only: services, exactly: true });
    },
    exclusively: (work) => withLock(stack.root, 'topology migrate', work),
    onProgress(doing, moved) {
      if (context.clock.monotonic() < nextReport) return;
      nextReport = context.clock.monotonic() + REPORT_EVERY_MS;
      progress.step(queue, doing === 'aside' ? `${moved} messages aside` : `${moved} messages back`);
    },
  });
  if (report.migrated) progress.done(queue, `${report.messages} messages`);
  progress.stop();
  return report;
}
