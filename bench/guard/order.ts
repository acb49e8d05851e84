import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Order {
  names: readonly string[];
  mode: 'print' | 'check' | 'save' | 'chart';
  /** With `check`: what CI has time for, and twice the time. */
  short: boolean;
}

const USAGE = 'npm run bench -- [NAME...] [--check [--short] | --save | --chart]';

/** Throws what is wrong with the words, as a sentence. */
export function orderOf(words: readonly string[], all: readonly string[]): Order {
  const { values, positionals } = parsed(words);
  const unknown = positionals.filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new Error(`no benchmark named ${unknown.join(', ')}; there are: ${all.join(', ')}`);
  const { check = false, save = false, chart = false, short = false } = values;
  const asked = { check, save, chart };
  const modes = (['check', 'save', 'chart'] as const).filter((mode) => asked[mode]);
  if (modes.length > 1) throw new Error(`--${modes.join(' and --')} go one at a time: ${USAGE}`);
  if (short && !check) throw new Error(`--short goes with --check: ${USAGE}`);
  if (chart && positionals.length > 0) throw new Error(`--chart takes no names: ${USAGE}`);
  return { names: positionals, mode: modes[0] ?? 'print', short };
}

function parsed(words: readonly string[]) {
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...words],
      options: { check: flag, short: flag, save: flag, chart: flag },
      allowPositionals: true,
    });
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}: ${USAGE}`);
  }
}
