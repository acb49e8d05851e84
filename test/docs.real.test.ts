import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mapConcurrently } from '../src/reconcile/map-concurrently.ts';
import { newStack } from './support/new-stack.ts';
import { CHECKOUT, qbtc } from './support/qbtc.ts';
import { temporaryFolder } from './support/quiet-context.ts';

const PAGES = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'bench/RESULTS.md'];

async function pages(): Promise<{ name: string; text: string }[]> {
  const docs = (await readdir(join(CHECKOUT, 'docs'))).map((name) => `docs/${name}`);
  return Promise.all(
    [...PAGES, ...docs].map(async (name) => ({ name, text: await readFile(join(CHECKOUT, name), 'utf8') })),
  );
}

/** The command lines in the shell blocks of a page, without their comments; `a && b` are two. */
function commandLines(text: string): string[] {
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .flatMap((line) => line.split(' && '))
    .filter((line) => line !== '');
}

/** Commands that another test runs, or that only surround those that are run here. */
const ELSEWHERE: readonly [RegExp, string][] = [
  [/^cd /, 'a change of folder'],
  [/^npm ci$/, 'every run of the tests begins with it'],
  [/^npm link$/, 'test/package.real.test.ts'],
  [/^npm test$/, 'this very run'],
  [/^npm run [\w:]+( -- [\w ]+)?$/, 'a script of package.json, checked below'],
];

/** Commands that change nothing, so that they may run side by side, after those that do. */
const LOOKS =
  /^qbtc (status|ports|logs|doctor|score|secrets (list|get)|consumers list|trace|completion|trade (status|positions|orders|--help)|test(?!.*(disruptive|kill-switch))|discover(?!.*register)|routes (list|lint|diff|explain|dump|validate)|topology (plan|check|graph|export)|events (validate|types|docs|asyncapi|diff)) ?/;

describe('the pages', () => {
  test('name only scripts that are there, and link only to what is there', async () => {
    const { scripts } = JSON.parse(await readFile(join(CHECKOUT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const { name, text } of await pages()) {
      for (const [, script = ''] of text.matchAll(/npm run ([\w:]+)/g))
        expect(Object.keys(scripts), name).toContain(script);
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        await expect(
          access(join(CHECKOUT, dirname(name), target)),
          `${name}: ${target}`,
        ).resolves.toBeUndefined();
      }
    }
  });

  test('show only commands that work', async () => {
    const lines = [...new Set((await pages()).flatMap(({ text }) => commandLines(text)))];
    const ours = lines.filter((line) => line.startsWith('qbtc '));
    const others = lines.filter((line) => !line.startsWith('qbtc '));
    expect(others.filter((line) => !ELSEWHERE.some(([pattern]) => pattern.test(line)))).toEqual([]);
    expect(ours.length).toBeGreaterThan(20);

    const [root, takeDown] = await newStack('documented');
    const starts = (command: string) => ours.filter((line) => line.split(' ')[1] === command);
    const running = ours.filter((line) => !/^qbtc (up|down|new|demo)\b/.test(line));
    const runs = async (line: string, cwd: string) => {
      const args = line.split(' ').slice(1);
      const { code, stderr, stdout } = await qbtc(args, cwd);
      expect(code, `${line}\n${stdout}\n${stderr}`).toBe(0);
    };
    try {
      for (const line of [...starts('up'), ...running.filter((line) => !LOOKS.test(line))])
        await runs(line, root);
      await mapConcurrently(
        running.filter((line) => LOOKS.test(line)),
        3,
        (line) => runs(line, root),
      );
      for (const line of starts('down')) {
        await runs('qbtc up', root);
        await runs(line, root);
      }
      await runs('qbtc down --volumes', root);
      for (const line of starts('demo')) await runs(line, root);
      // `qbtc new ../acme` is typed in a folder beside the one that it makes.
      for (const line of starts('new')) {
        const beside = join(await temporaryFolder(), 'here');
        await import('node:fs/promises').then(({ mkdir }) => mkdir(beside));
        await runs(line, beside);
      }
    } finally {
      await takeDown();
    }
  }, 300_000);
});
