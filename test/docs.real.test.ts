import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mapConcurrently } from '../src/reconcile/map-concurrently.ts';
import { newStack } from './support/new-stack.ts';
import { commandIn, commandLines, documentedCommands, pages, runsWell } from './support/pages.ts';
import { CHECKOUT } from './support/qbtc.ts';

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
  /^qbtc (status|ps|graph|open|ports|env(?!.*--out)|logs|wait|doctor|metrics|secrets (list|get)|consumers list|trace|completion|trade (status|positions|orders|--help)|test(?!.*(disruptive|kill-switch))|discover(?!.*register)|routes (list|lint|diff|explain|dump|validate|export)|topology (plan|check|graph|export|import --live --dry-run)|upgrade --dry-run|events (validate|types|docs|asyncapi|diff)) ?/;

/** `docs-begin.real.test.ts` runs them, but for `up`, which both need. */
const BEGIN_OR_END = ['up', 'down', 'new', 'init', 'demo', 'add', 'remove'];

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

  test('show no command that nothing runs', async () => {
    const lines = [...new Set((await pages()).flatMap(({ text }) => commandLines(text)))];
    const others = lines.filter((line) => !line.startsWith('qbtc '));
    expect(others.filter((line) => !ELSEWHERE.some(([pattern]) => pattern.test(line)))).toEqual([]);
    expect(lines.length - others.length).toBeGreaterThan(20);
  });

  test('show only commands that work with a running stack', async () => {
    const ours = await documentedCommands();
    const [root, takeDown] = await newStack('documented');
    const running = ours.filter((line) => !BEGIN_OR_END.includes(commandIn(line)));
    try {
      for (const line of ours.filter((each) => commandIn(each) === 'up')) await runsWell(line, root);
      for (const line of running.filter((each) => !LOOKS.test(each))) await runsWell(line, root);
      await mapConcurrently(
        running.filter((line) => LOOKS.test(line)),
        3,
        (line) => runsWell(line, root),
      );
    } finally {
      await takeDown();
    }
  }, 1_200_000);
});
