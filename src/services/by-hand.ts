import * as z from 'zod';
import { type KnownProcess, livingOf } from '../alive.ts';
import type { Context } from '../context.ts';
import { belongsTo } from '../health/index.ts';
import type { ByHand } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';
import { stateFile } from '../state/index.ts';
import { instancesOf } from './service.ts';

/** A service that its user runs by hand, with `qbtc exec`, and the process of qbtc under which it runs. */
interface Note extends KnownProcess {
  service: string;
}

const schema = z.array(z.object({ service: z.string(), pid: z.number(), startTime: z.string() }));
const file = stateFile<Note[]>('byHand', schema, []);

/** Notes, for as long as the work takes, that this process runs something with the environment of the service. */
export async function noteByHand<T>(
  { host }: Pick<Context, 'host'>,
  root: string,
  service: string,
  work: () => Promise<T>,
): Promise<T> {
  const { pid } = process;
  const startTime = await host.processStartTime(pid);
  if (startTime === undefined) return work();
  await file.change(root, async (notes) => [...(await livingOf(host, notes)), { service, pid, startTime }]);
  try {
    return await work();
  } finally {
    await file.change(root, (notes) => notes.filter((note) => note.pid !== pid));
  }
}

/** The instances whose port, where they have one, is held by a process that was started by hand for their service. */
export async function instancesByHand(
  { host }: Pick<Context, 'host'>,
  { root, services }: Pick<Stack, 'root' | 'services'>,
): Promise<ByHand[]> {
  // One that was killed could not take its note back.
  const notes = await livingOf(host, await file.read(root));
  if (notes.length === 0) return [];
  const sockets = await host.listeningSockets();
  const found = await Promise.all(
    notes.map(async ({ service, pid: leader }) => {
      const declared = services.find(({ name }) => name === service);
      const instances = declared === undefined ? [] : instancesOf(declared);
      const held = await Promise.all(
        instances.map(async ({ name: instance, port }, index): Promise<ByHand[]> => {
          // One that listens nowhere is known by nothing but that it runs; what runs by hand is the first of them.
          if (port === undefined) return index === 0 ? [{ instance, pid: leader }] : [];
          const pids = sockets.filter((socket) => socket.port === port).flatMap(({ pid }) => pid ?? []);
          const own = await Promise.all(pids.map((pid) => belongsTo(host, pid, leader)));
          const pid = pids[own.indexOf(true)];
          return pid === undefined ? [] : [{ instance, pid }];
        }),
      );
      return held.flat();
    }),
  );
  return found.flat();
}
