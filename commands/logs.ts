import { InvalidArgumentError } from 'commander';
import { messageOf } from '../src/errors.ts';
import { LOG_LEVELS, type LogLevel } from '../src/model/log.ts';
import { LOG_LINES } from '../src/operations/bounds.ts';
import { OPERATIONS } from '../src/operations/catalogue.ts';
import type { Register } from './command.ts';
import { operate } from './operate.ts';
import { number } from './options/number.ts';

interface Options {
  follow?: boolean;
  lines: number;
  since?: number;
  level?: LogLevel;
  grep?: RegExp;
  correlation?: string;
  json?: boolean;
  verbose?: boolean;
}

export const logs: Register = (program, run) => {
  program
    .command('logs')
    .argument('[names...]', 'resources and services; all when left out')
    .description(OPERATIONS['logs read'].about)
    .option('-n, --lines <count>', 'how many of the last lines', number(LOG_LINES), LOG_LINES.default)
    .option('-f, --follow', 'go on with what is written from now on')
    .option('--since <when>', 'nothing older: 30s, 10m, 2h, 1d, or a time in ISO 8601', since)
    .addOption(
      program
        .createOption('--level <level>', 'this level and graver ones, with what belongs to them')
        .choices(LOG_LEVELS),
    )
    .option('--grep <regex>', 'lines that match, as they were written', regex)
    .option('--correlation <id>', 'lines with this correlation id')
    .option('--json', 'print JSON; with --follow one object a line')
    .action(
      run(
        operate<Options>(
          ({ follow }) => (follow ? 'logs follow' : 'logs read'),
          ({ follow: _, grep, ...options }, names) => ({ ...options, names, grep: grep?.source }),
        ),
      ),
    );
};

const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds since the epoch, for commander. */
function since(text: string): number {
  const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return Date.now() - Number(amount) * (UNITS[unit] ?? 0);
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(`found "${text}", expected 30s, 10m, 2h, 1d, or 2026-01-31T12:00:00Z.`);
  }
  return at;
}

function regex(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(`${messageOf(error)}.`);
  }
}
