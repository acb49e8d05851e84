import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandLines, pages } from './support/pages.ts';
import { CHECKOUT } from './support/qbtc.ts';

const read = (name: string) => readFile(join(CHECKOUT, name), 'utf8');
/** A page without its blocks of code, in which a line may begin as a heading does. */
const prose = (text: string) => text.replaceAll(/^```[\s\S]*?^```$/gm, '');
const headings = (text: string) =>
  [...prose(text).matchAll(/^(#+) /gm)].map(([, level = '']) => level.length);
const blocks = (text: string) => [...text.matchAll(/^```(\w*)\n/gm)].map(([, language]) => language);
/** Where a page leads to, without the other language. */
const targets = (text: string) =>
  [...text.matchAll(/\]\(([^)]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(README\.|docs\/es\/)/.test(target));
const firstCells = (text: string) =>
  [...text.matchAll(/^\| ?(\[`[^|]+?) *\|/gm)].map(([, cell = '']) => cell);
/** What is written as code in prose: commands, options, files are the same in every language. */
const code = (text: string) => [...prose(text).matchAll(/`([^`]+)`/g)].map(([, word = '']) => word).sort();

describe('README.es.md keeps step with README.md', async () => {
  const [english, spanish] = await Promise.all([read('README.md'), read('README.es.md')]);

  test.each([
    ['headings', headings],
    ['command lines', commandLines],
    ['blocks of code', blocks],
    ['rows of the table of commands', firstCells],
    ['links', targets],
    ['words of code', code],
  ] as const)('the same %s', (_, of) => {
    expect(of(spanish)).toEqual(of(english));
    expect(of(english).length).toBeGreaterThan(0);
  });

  test('each leads to the other', () => {
    expect(english).toContain('](README.es.md)');
    expect(spanish).toContain('](README.md)');
  });
});

test('the pages in Spanish show no command that no page in English has', async () => {
  const all = await pages();
  const isSpanish = ({ name }: { name: string }) => /(^docs\/es\/|\.es\.md$)/.test(name);
  const known = new Set(all.filter((page) => !isSpanish(page)).flatMap(({ text }) => commandLines(text)));
  const shown = all.filter(isSpanish).flatMap(({ text }) => commandLines(text));
  expect(shown.filter((line) => !known.has(line))).toEqual([]);
  expect(shown.length).toBeGreaterThan(15);
});
