import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PartStatus, StartingRuntime, StartOptions } from '../../../src/runtimes/runtime.ts';

const MINUTES = 300_000;
const DURING_START: StartOptions = { onStarting() {}, onProgress() {} };

/** What each part does: it says that it begins, and then counts, so that a lost line is seen. Sent SIGTERM, it ends. */
export const PART_SCRIPT =
  'trap "exit 0" TERM; echo begins; i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.1 & wait $!; done';
/** So many lines of it, from this number on. */
const ticks = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `tick ${from + index}`);
const numberOf = (line = '') => Number(line.replace('tick ', ''));

const begins = (lines: readonly string[]) => lines.filter((line) => line === 'begins').length;

/** In the environment of each part. */
export const PART_ENVIRONMENT = { GREETING: 'hello there' };

export interface RuntimeUnderTest<Description> {
  name: string;
  /** Why it cannot run here. */
  skip?: string;
  /** Describes two parts of a stack; `runtime` opens a runtime for that stack, as each command does. */
  begin(): Promise<{
    first: string;
    second: string;
    describe(part: string): Description;
    runtime(): StartingRuntime<Description>;
    end(): Promise<void>;
  }>;
}

/** What holds for whatever runs parts: it starts and tells what runs, ends what is named and no more, and leaves nothing. */
export function runtimeConformance<Description>({ name, skip, begin }: RuntimeUnderTest<Description>): void {
  describe.skipIf(skip !== undefined)(`${name}${skip === undefined ? '' : ` (skipped: ${skip})`}`, () => {
    let begun: Awaited<ReturnType<RuntimeUnderTest<Description>['begin']>>;
    const within = async <T>(work: (runtime: StartingRuntime<Description>) => Promise<T>): Promise<T> => {
      const runtime = begun.runtime();
      try {
        return await work(runtime);
      } finally {
        runtime.close();
      }
    };
    const start = (parts: string[], options = DURING_START) =>
      within((runtime) => runtime.start(parts.map(begun.describe), options));
    const told = async (part: string): Promise<PartStatus | undefined> =>
      (await within((runtime) => runtime.list())).find((each) => each.name === part);
    const lines = async (part: string, options = {}) =>
      (await within((runtime) => runtime.logs(part, options))).lines.map(({ line }) => line);

    beforeAll(async () => {
      begun = await begin();
    }, MINUTES);
    afterAll(() => begun?.end(), MINUTES);

    test('starts what is described, and says what it begins with', { timeout: MINUTES }, async () => {
      const { first, second } = begun;
      const begins: string[] = [];
      const options = { ...DURING_START, onStarting: (part: string) => void begins.push(part) };
      expect((await start([first, second], options)).sort()).toEqual([first, second].sort());
      expect(begins.sort()).toEqual([first, second].sort());
      await expect.poll(() => lines(first), { timeout: MINUTES }).toContain('begins');
      await expect.poll(() => lines(second), { timeout: MINUTES }).toContain('begins');
    });

    test('tells what runs', async () => {
      for (const part of [begun.first, begun.second]) {
        const status = await told(part);
        expect(status).toMatchObject({ name: part, lives: true, reason: '', restarts: 0 });
        expect(status?.state).toBeUndefined();
      }
    });

    test('leaves alone what was seen to work, and is described as it was', { timeout: MINUTES }, async () => {
      const { first } = begun;
      await within((runtime) => runtime.keep([first]));
      const before = await told(first);
      const begins: string[] = [];
      expect(await start([first], { ...DURING_START, onStarting: (part) => void begins.push(part) })).toEqual(
        [],
      );
      expect(begins).toEqual([]);
      expect((await told(first))?.pid).toEqual(before?.pid);
    });

    test('has what a part wrote: all of it, or the last lines', async () => {
      await expect.poll(async () => (await lines(begun.first)).length).toBeGreaterThan(3);
      const all = await lines(begun.first);
      expect(all).toEqual(['begins', ...ticks(1, all.length - 1)]);
      const last = await lines(begun.first, { tail: 2 });
      expect(last).toEqual(ticks(numberOf(last[0]), 2));
    });

    test('goes on from the end of what was read, tells no line twice and leaves none out', async () => {
      const runtime = begun.runtime();
      const { lines: read, end } = await runtime.logs(begun.first, { wholeLines: true });
      const stop = new AbortController();
      const followed: string[] = [];
      const onLine = ({ line }: { line: string }) => {
        followed.push(line);
        if (followed.length === 5) stop.abort();
      };
      await runtime.follow(begun.first, end, onLine, stop.signal);
      runtime.close();
      expect(followed.length).toBeGreaterThanOrEqual(5);
      const told = [...read.map(({ line }) => line), ...followed];
      expect(told).toEqual(['begins', ...ticks(1, told.length - 1)]);
    });

    test('runs a command as the part runs: its environment, our input, its exit code', async () => {
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
      const exit = within((runtime) =>
        runtime.exec(
          begun.describe(begun.second),
          ['sh', '-c', 'echo "$GREETING"; read -r line; echo "$line" >&2; exit 3'],
          { stdin, stdout, stderr, tty: false },
        ),
      );
      const said = Promise.all([text(stdout), text(stderr)]);
      stdin.end('from here\n');
      expect(await exit).toBe(3);
      stdout.end();
      stderr.end();
      expect(await said).toEqual([`${PART_ENVIRONMENT.GREETING}\n`, 'from here\n']);
    });

    test('tells at once what it has ended and started itself', { timeout: MINUTES }, async () => {
      const { first } = begun;
      await within(async (runtime) => {
        const now = async () => (await runtime.list()).find(({ name: part }) => part === first)?.lives;
        expect(await now()).toBe(true);
        await runtime.stop([first]);
        expect(await now()).toBe(false);
        await runtime.start([begun.describe(first)], DURING_START);
        expect(await now()).toBe(true);
      });
      await expect.poll(async () => begins(await lines(first)), { timeout: MINUTES }).toBe(2);
    });

    test('ends what is named, and leaves the rest alone', { timeout: MINUTES }, async () => {
      expect(await within((runtime) => runtime.stop([begun.first]))).toEqual([begun.first]);
      await expect.poll(() => told(begun.first)).toMatchObject({ lives: false, state: 'stopped' });
      expect(await told(begun.second)).toMatchObject({ lives: true });
    });

    test('has nothing to end where nothing of it runs', { timeout: MINUTES }, async () => {
      expect(await within((runtime) => runtime.stop([begun.first, 'never-there']))).toEqual([]);
    });

    test('starts again what was ended, and knows what is of this start', { timeout: MINUTES }, async () => {
      const { first, second } = begun;
      await within((runtime) => runtime.keep([second]));
      expect(await start([first, second])).toEqual([first]);
      await expect.poll(async () => begins(await lines(first)), { timeout: MINUTES }).toBe(3);
      expect(begins(await lines(first, { ofThisStart: true }))).toBe(1);
      await within((runtime) => runtime.stop([first]));
    });

    test('ends the rest, tells it, and keeps nothing', { timeout: MINUTES }, async () => {
      const heard: string[] = [];
      const options = { volumes: true, onEnding() {}, onStopped: (part: string) => void heard.push(part) };
      const { stopped } = await within((runtime) => runtime.remove(options));
      expect(stopped).toEqual([begun.second]);
      expect(heard).toEqual([begun.second]);
      const left = await within((runtime) => runtime.list());
      expect(left.filter(({ lives }) => lives)).toEqual([]);
      expect((await within((runtime) => runtime.remove(options))).stopped).toEqual([]);
    });
  });
}
