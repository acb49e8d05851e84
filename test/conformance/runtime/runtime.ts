import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PartStatus, Runtime } from '../../../src/runtimes/runtime.ts';

const MINUTES = 300_000;

export interface RuntimeUnderTest {
  name: string;
  /** Why it cannot run here. */
  skip?: string;
  /** Starts two parts of a stack; `runtime` opens a runtime for that stack, as each command does. */
  begin(): Promise<{ first: string; second: string; runtime(): Runtime; end(): Promise<void> }>;
}

/** What holds for whatever runs parts: it tells what runs, ends what is named and no more, and leaves nothing. */
export function runtimeConformance({ name, skip, begin }: RuntimeUnderTest): void {
  describe.skipIf(skip !== undefined)(`${name}${skip === undefined ? '' : ` (skipped: ${skip})`}`, () => {
    let begun: Awaited<ReturnType<RuntimeUnderTest['begin']>>;
    const within = async <T>(work: (runtime: Runtime) => Promise<T>): Promise<T> => {
      const runtime = begun.runtime();
      try {
        return await work(runtime);
      } finally {
        runtime.close();
      }
    };
    const told = async (part: string): Promise<PartStatus | undefined> =>
      (await within((runtime) => runtime.list())).find((each) => each.name === part);

    beforeAll(async () => {
      begun = await begin();
    }, MINUTES);
    afterAll(() => begun?.end(), MINUTES);

    test('tells what runs', async () => {
      for (const part of [begun.first, begun.second]) {
        const status = await told(part);
        expect(status).toMatchObject({ name: part, lives: true, reason: '', restarts: 0 });
        expect(status?.state).toBeUndefined();
      }
    });

    test('ends what is named, and leaves the rest alone', { timeout: MINUTES }, async () => {
      expect(await within((runtime) => runtime.stop([begun.first]))).toEqual([begun.first]);
      await expect.poll(() => told(begun.first)).toMatchObject({ lives: false, state: 'stopped' });
      expect(await told(begun.second)).toMatchObject({ lives: true });
    });

    test('has nothing to end where nothing of it runs', { timeout: MINUTES }, async () => {
      expect(await within((runtime) => runtime.stop([begun.first, 'never-there']))).toEqual([]);
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
