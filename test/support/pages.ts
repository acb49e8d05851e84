import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CHECKOUT, qbtc } from './qbtc.ts';

const PAGES = ['README.md', 'README.es.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'bench/RESULTS.md'];

export async function pages(): Promise<{ name: string; text: string }[]> {
  const docs = (await readdir(join(CHECKOUT, 'docs'), { recursive: true }))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return Promise.all(
    [...PAGES, ...docs].map(async (name) => ({ name, text: await readFile(join(CHECKOUT, name), 'utf8') })),
  );
}

/** The command lines in the shell blocks of a page, without their comments; `a && b` are two. */
export function commandLines(text: string): string[] {
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .flatMap((line) => line.split(' && '))
    .filter((line) => line !== '');
}

/** Its commands run beside one another and until they are ended: `lifecycle/by-hand.real.test.ts` runs them. */
export const BY_HAND = 'docs/debugging.md';

/** The lines of `qbtc` in all pages, each once; without those of `BY_HAND`. */
export async function documentedCommands(): Promise<string[]> {
  const lines = new Set(
    (await pages()).filter(({ name }) => name !== BY_HAND).flatMap(({ text }) => commandLines(text)),
  );
  return [...lines].filter((line) => line.startsWith('qbtc '));
}

/** The name of the command in a line: `up` in `qbtc up --json`. */
export function commandIn(line: string): string {
  return line.split(' ')[1] ?? '';
}

/** Runs a line as it is written, and expects that it works. */
export async function runsWell(line: string, cwd: string): Promise<void> {
  const { code, stderr, stdout } = await qbtc(line.split(' ').slice(1), cwd);
  expect(code, `${line}\n${stdout}\n${stderr}`).toBe(0);
}
