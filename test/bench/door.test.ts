import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { thisMachine, writeBaseline } from '../../bench/guard/baseline.ts';
import { main, SHORT } from '../../bench/guard/door.ts';
import type { Extent, Figure } from '../../bench/guard/figure.ts';

let folder: string;
let said: string[];
let asked: { name: string; extent: Extent }[];
/** What each benchmark measures, run by run; the last is measured again and again. */
let ratios: Record<string, number[][]>;
/** Called when one is run. */
let onRun: () => void;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qbtc-guard-'));
  said = [];
  asked = [];
  onRun = () => {};
  ratios = { up: [[10, 10, 10]], startup: [[1, 1, 1]], routes: [[2, 2, 2]] };
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

function baseline(
  figures: Record<string, { ratio: number; better: 'lower' | 'higher' }>,
  machine = thisMachine(),
) {
  const file = join(folder, 'baseline.json');
  return writeBaseline(file, { date: '2026-11-30', commit: 'abc', machine, figures });
}

function bench(...words: string[]): Promise<number> {
  return main({
    ...{ words, all: ['routes', 'startup', 'up'], folder, say: (line) => said.push(line) },
    commit: () => 'abc1234',
    async run(name, extent) {
      asked.push({ name, extent });
      onRun();
      const runs = ratios[name] ?? [];
      const rounds = runs.length > 1 ? runs.shift() : runs[0];
      if (rounds === undefined) return undefined;
      const [ratio = 0] = rounds;
      const figure: Figure = { ...{ name: 'time', value: 1, unit: 's', better: 'lower' }, ratio, rounds };
      return { about: `About ${name}.`, figures: [figure], notes: ['A note.'] };
    },
  });
}

const complaint = () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return () => write.mock.calls.map(([text]) => String(text)).join('');
};

describe('the words', () => {
  test.each([
    [['nix'], 'no benchmark named nix; there are: routes, startup, up\n'],
    [['up', 'a', 'b', '--check'], 'no benchmark named a, b; there are: routes, startup, up\n'],
    [['--check', '--save'], '--check and --save go one at a time: npm run bench -- [NAME...]'],
    [['--short'], '--short goes with --check: '],
    [['--chart', 'up'], '--chart takes no names: '],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j say nothing', async (words, expected) => {
    const told = complaint();
    expect(await bench(...words)).toBe(64);
    expect(told()).toContain(expected);
    expect(asked).toEqual([]);
  });
});

test('figures are printed as a table, under what they are of', async () => {
  expect(await bench('up')).toBe(0);
  expect(said).toEqual([
    '\n## up\n',
    'About up.',
    '',
    '| what | measured | peer | ratio | aim |',
    '| ---- | -------- | ---- | ----- | --- |',
    '| time | 1 s      |      | 10    |     |',
    '',
    'A note.',
  ]);
});

test('a benchmark that fails is told by the exit code, and no run is kept', async () => {
  ratios.startup = [];
  expect(await bench()).toBe(1);
  expect(asked.map(({ name }) => name)).toEqual(['routes', 'startup', 'up']);
  await expect(readFile(join(folder, 'history.jsonl'))).rejects.toThrow('ENOENT');
});

test('a full run is kept, and drawn', async () => {
  await baseline({ 'up/time': { ratio: 10, better: 'lower' } });
  const marks = ['<!-- history: npm run bench -- --chart -->', '<!-- /history -->'];
  await writeFile(join(folder, 'RESULTS.md'), marks.join('\n'));
  expect(await bench()).toBe(0);
  expect(await bench()).toBe(0);
  expect((await readFile(join(folder, 'history.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(2);
  expect(await readFile(join(folder, 'RESULTS.md'), 'utf8')).toContain('up/time  ██  10 → 10');
  await rm(join(folder, 'history.jsonl'));
  expect(await bench('--chart')).toBe(0);
  expect(await readFile(join(folder, 'RESULTS.md'), 'utf8')).not.toContain('up/time');
});

test('each benchmark of the short form is there', async () => {
  const files = await readdir(fileURLToPath(new URL('../../bench', import.meta.url)));
  expect(files).toEqual(expect.arrayContaining(SHORT.map((name) => `${name}.ts`)));
});

describe('--save', () => {
  test('writes what --check compares with', async () => {
    expect(await bench('--save', 'up', 'startup')).toBe(0);
    expect(asked.every(({ extent }) => extent.rounds === 7)).toBe(true);
    asked = [];
    expect(await bench('--check')).toBe(0);
    expect(asked.map(({ name }) => name)).toEqual(['startup', 'up']);
    expect(said.at(-1)).toBe('2 ratios compared, none slower by more than 15 %');
  });
});

describe('--check', () => {
  test('needs a baseline', async () => {
    const told = complaint();
    expect(await bench('--check')).toBe(1);
    expect(told()).toBe('there is no bench/baseline.json to compare with: npm run bench -- --save\n');
  });

  test('says what got slower', async () => {
    await baseline({
      'up/time': { ratio: 8, better: 'lower' },
      'startup/time': { ratio: 1, better: 'lower' },
    });
    expect(await bench('--check')).toBe(2);
    expect(said.slice(-2)).toEqual([
      'up/time: 1.25 times as slow as the baseline (8, now 10)',
      '2 ratios compared, 1 slower by more than 15 %',
    ]);
  });

  test('measures again what is not sure, until it is', async () => {
    await baseline({
      'up/time': { ratio: 8, better: 'lower' },
      'startup/time': { ratio: 1, better: 'lower' },
    });
    ratios.up = [
      [8, 10, 10],
      [10, 10, 10, 10, 10, 10, 10],
    ];
    expect(await bench('--check')).toBe(2);
    expect(asked.map(({ name }) => name)).toEqual(['startup', 'up', 'up']);
  });

  test('does not fail for what stays unsure, and says so', async () => {
    await baseline({ 'up/time': { ratio: 8, better: 'lower' } });
    ratios.up = [[8, 8, 10, 10, 10]];
    expect(await bench('--check')).toBe(0);
    expect(asked).toHaveLength(3);
    expect(said.at(-2)).toMatch(/^up\/time: 1.25 times as slow in the middle, but not in enough rounds/);
  });

  test('says what it did not measure, what is new, and that the machine is another', async () => {
    await baseline(
      { 'up/time': { ratio: 10, better: 'lower' }, 'up/gone': { ratio: 1, better: 'lower' } },
      { ...thisMachine(), cores: 99 },
    );
    expect(await bench('--check', 'up', 'startup')).toBe(0);
    expect(said.slice(-4)).toEqual([
      'up/gone: not measured',
      'startup/time: not in the baseline',
      `the baseline was taken elsewhere: cores 99 there, ${thisMachine().cores} here`,
      '1 ratios compared, none slower by more than 15 %',
    ]);
  });

  test('fails in short only for what takes twice the time', async () => {
    await baseline({
      'startup/time': { ratio: 0.55, better: 'lower' },
      'routes/time': { ratio: 2, better: 'lower' },
    });
    expect(await bench('--check', '--short', 'startup', 'routes')).toBe(0);
    expect(asked.map(({ extent }) => extent)).toEqual([{ short: true }, { short: true }]);
    ratios.startup = [[1.2, 1.2, 1.2]];
    expect(await bench('--check', '--short', 'startup')).toBe(2);
    expect(said.at(-1)).toBe('1 ratios compared, 1 slower by more than 2 times');
  });

  test('does not fail in short for what there was no time for', async () => {
    await baseline({ 'startup/time': { ratio: 1, better: 'lower' } });
    ratios.startup = [];
    const later = Date.now() + 3_600_000;
    onRun = () => vi.spyOn(Date, 'now').mockReturnValue(later);
    expect(await bench('--check', '--short', 'startup')).toBe(0);
    expect(said.slice(-2)).toEqual([
      'startup: not measured',
      '0 ratios compared, none slower by more than 2 times',
    ]);
  });

  test.each([[], ['--short']])('fails for a benchmark that fails: %s', async (...words) => {
    await baseline({ 'startup/time': { ratio: 1, better: 'lower' } });
    ratios.startup = [];
    expect(await bench('--check', ...words, 'startup')).toBe(1);
  });
});
