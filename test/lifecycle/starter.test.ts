import { describe, expect, test } from 'vitest';
import { Parts } from '../../src/lifecycle/part.ts';
import { Starter } from '../../src/lifecycle/starter.ts';
import type { ProbeResult } from '../../src/resources/index.ts';
import type { PartStatus, StartingRuntime } from '../../src/runtimes/runtime.ts';
import { quietContext } from '../support/quiet-context.ts';

const context = quietContext();
const NAME = 'api';
const LIVES: PartStatus = {
  ...{ name: NAME, ports: [8000], pid: 100, lives: true, reason: '', restarts: 0, wasReady: false },
};
const lives = (changes: Partial<PartStatus> = {}): PartStatus => ({ ...LIVES, ...changes });
const ended = (changes: Partial<PartStatus> = {}): PartStatus =>
  lives({ pid: undefined, lives: false, state: 'crashed', reason: 'exited with code 3', ...changes });
const starts = (changes: Partial<PartStatus> = {}): PartStatus =>
  ended({ state: 'starting', reason: 'not started yet', ...changes });

/**
 * A starter whose runtime gives these lists one after the other, the last one for good. The part is ready when as many
 * questions were answered with no as `answersAfter` says.
 */
function scripted({
  before = [],
  lists,
  starting = [NAME],
  runs = 'container',
  answersAfter = 0,
}: {
  before?: PartStatus[];
  lists: PartStatus[][];
  starting?: string[];
  runs?: 'process' | 'container';
  answersAfter?: number;
}) {
  const kept: string[] = [];
  const asked: unknown[] = [];
  let looks = 0;
  const notScripted = () => Promise.reject(new Error('not scripted'));
  const runtime: StartingRuntime<string> = {
    ...{ runs, follow: notScripted, remove: notScripted, stop: notScripted, exec: notScripted, close() {} },
    list: async () => lists[Math.min(looks++, lists.length - 1)] ?? [],
    async start(_, { onStarting }) {
      for (const name of starting) onStarting(name);
      return starting;
    },
    keep: async (names) => void kept.push(...names),
    logs: async () => ({ lines: [{ line: 'the last line' }], end: '' }),
  };
  const parts = new Parts();
  const starter = new Starter({ context, root: '/nowhere', timeoutMs: 60_000, parts }, runtime, before);
  const probe = async (how: unknown): Promise<ProbeResult> => {
    asked.push(how);
    return asked.length > answersAfter
      ? { ready: true, found: {} }
      : { ready: false, refused: false, reason: 'connection refused' };
  };
  const start = async () => {
    const started = await starter.start([NAME]);
    await starter.ready({ name: NAME, probe, refusedHint: '' }, NAME, started.has(NAME));
  };
  return { start, starter, parts, kept, asked };
}

/** How it ends while it is never ready. */
async function failureOf(script: Parameters<typeof scripted>[0]): Promise<unknown> {
  const { start, kept } = scripted({ ...script, answersAfter: Number.POSITIVE_INFINITY });
  const error = await start().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(kept).toEqual([]);
  return error;
}
const endedBecause = (reason: string) =>
  expect.objectContaining({
    code: 'PROCESS_ENDED',
    message: `${NAME} ended before it was ready: ${reason}`,
    logLines: [expect.objectContaining({ raw: 'the last line' })],
  });

describe('Starter', () => {
  test('what it starts is touched, waited for, kept and told as started', async () => {
    const { start, starter, parts, kept } = scripted({ lists: [[lives()]], answersAfter: 2 });
    await start();
    expect([...starter.touched]).toEqual([NAME]);
    expect(kept).toEqual([NAME]);
    expect(parts).toMatchObject({ started: [NAME], kept: [] });
  });

  test('what runs already is not touched: an interruption leaves it alone', async () => {
    const { start, starter, parts, kept } = scripted({
      ...{ before: [lives()], lists: [[lives()]], starting: [], answersAfter: 2 },
    });
    await start();
    expect([...starter.touched]).toEqual([]);
    expect(kept).toEqual([NAME]);
    expect(parts).toMatchObject({ started: [], kept: [NAME] });
    expect(starter.before(NAME)).toEqual(lives());
    expect(starter.before('another')).toBeUndefined();
  });

  test('a process is asked for by its pid, a container by its port alone', async () => {
    for (const [runs, how] of [
      ['process', { pid: 100 }],
      ['container', 'container'],
    ] as const) {
      const { start, asked } = scripted({ lists: [[lives({ name: 'other', pid: 7 }), lives()]], runs });
      await start();
      expect(asked).toEqual([how]);
    }
  });

  test('what ends or is removed while it is waited for is not waited for any more', async () => {
    expect(await failureOf({ lists: [[lives()], [lives()], [ended()]] })).toEqual(
      endedBecause('exited with code 3'),
    );
    expect(await failureOf({ lists: [[lives()], [lives({ name: 'another' })]] })).toEqual(
      endedBecause('it was removed'),
    );
  });

  test('one that this run has started and that was started again has failed, however soon that was', async () => {
    const again = lives({ pid: 101, restarts: 1 });
    expect(await failureOf({ lists: [[again]] })).toEqual(endedBecause('it ended; it was started again'));
    expect(await failureOf({ lists: [[starts({ restarts: 1, reason: 'exited with code 1' })]] })).toEqual(
      endedBecause('exited with code 1; it was started again'),
    );
  });

  test('what was restarted before it is waited for counts as nothing, and what comes after it counts', async () => {
    const running = { before: [lives()], starting: [] };
    const restarted = lives({ pid: 101, restarts: 2 });
    const { start, parts } = scripted({ ...running, lists: [[restarted]], answersAfter: 3 });
    await start();
    expect(parts.kept).toEqual([NAME]);
    expect(await failureOf({ ...running, lists: [[restarted], [lives({ pid: 102, restarts: 3 })]] })).toEqual(
      endedBecause('it ended; it was started again'),
    );
  });

  test('a part that is still starting is waited for', async () => {
    const { start, parts } = scripted({ lists: [[starts()], [starts()], [lives()]], answersAfter: 4 });
    await start();
    expect(parts.started).toEqual([NAME]);
  });

  describe('of a service with several containers', () => {
    test('all must live', async () => {
      const dead = ended({ reason: 'exited with code 9' });
      for (const own of [
        [lives(), dead],
        [dead, lives()],
        [starts(), dead, lives()],
      ])
        expect(await failureOf({ lists: [[lives(), lives()], own] })).toEqual(
          endedBecause('exited with code 9'),
        );
    });

    test('one that is still starting is waited for', async () => {
      const { start, parts } = scripted({
        ...{
          lists: [
            [lives(), starts()],
            [starts(), lives()],
            [lives(), lives()],
          ],
          answersAfter: 3,
        },
      });
      await start();
      expect(parts.started).toEqual([NAME]);
    });

    test('the one that runs on has been restarted before, and the one that was started has not', async () => {
      const [old, dead] = [lives({ restarts: 4 }), ended({ restarts: 6 })];
      const before = [old, dead];
      const started = lives({ pid: 200 });
      const { start, parts } = scripted({ before, lists: [[old, started]], answersAfter: 3 });
      await start();
      expect(parts.started).toEqual([NAME]);
      expect(await failureOf({ before, lists: [[old, lives({ pid: 201, restarts: 1 })]] })).toEqual(
        endedBecause('it ended; it was started again'),
      );
      expect(
        await failureOf({
          before,
          lists: [
            [old, started],
            [lives({ pid: 300, restarts: 5 }), started],
          ],
        }),
      ).toEqual(endedBecause('it ended; it was started again'));
    });
  });
});
