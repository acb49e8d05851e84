import type { Comparison } from './compare.ts';
import type { Figure, Measured } from './figure.ts';

/** What a benchmark's process has written down. */
export interface MemberResult extends Measured {
  about: string;
}

const HEADS = ['what', 'measured', 'peer', 'ratio', 'aim'];

/** The figures as lines of a table. */
export function figureLines({ about, figures, notes = [] }: MemberResult): string[] {
  const rows = figures.map(({ name, value, unit, peer, ratio, aim }) => [
    name,
    shown(value, unit),
    peer === undefined ? '' : `${shown(peer.value, unit)} ${peer.name}`,
    ratio === undefined ? '' : number(ratio),
    aimOf(aim, unit),
  ]);
  const table = rows.length === 0 ? [] : ['', ...tableLines([HEADS, ...rows])];
  return [about, ...table, ...notes.flatMap((note) => ['', note])];
}

function aimOf(aim: Figure['aim'], unit: Figure['unit']): string {
  if (aim === undefined) return '';
  const parts = [
    aim.value === undefined ? '' : shown(aim.value, unit),
    aim.ratio === undefined ? '' : `ratio ${number(aim.ratio)}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** As Markdown writes it, so that it may be taken over into RESULTS.md. */
function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = rows;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rest.map(line)];
}

function shown(value: number, unit: Figure['unit']): string {
  return `${number(value)} ${unit}`;
}

function number(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

export interface Check {
  bound: number;
  comparisons: readonly Comparison[];
  /** What the baseline has and this run has not. */
  missing: readonly string[];
  /** What this run has and the baseline has not. */
  fresh: readonly string[];
  /** In which the machine differs from that of the baseline. */
  differences: readonly string[];
}

/** What a comparison with the baseline has shown, the worst first. */
export function checkLines({ bound, comparisons, missing, fresh, differences }: Check): string[] {
  const told = (verdict: Comparison['verdict'], sentence: (times: string) => string) =>
    comparisons
      .filter((each) => each.verdict === verdict)
      .toSorted((a, b) => b.slowdown - a.slowdown)
      .map(
        ({ name, before, now, slowdown }) =>
          `${name}: ${sentence(number(slowdown))} (${number(before)}, now ${number(now)})`,
      );
  const slower = told('slower', (times) => `${times} times as slow as the baseline`);
  const count = comparisons.length;
  return [
    ...slower,
    ...told('unsure', (times) => `${times} times as slow in the middle, but not in enough rounds to be sure`),
    ...told('faster', (times) => `faster: ${times} times the baseline; \`npm run bench -- --save\` keeps it`),
    ...missing.map((name) => `${name}: not measured`),
    ...fresh.map((name) => `${name}: not in the baseline`),
    ...differences.map((difference) => `the baseline was taken elsewhere: ${difference}`),
    `${count} ratios compared, ${slower.length === 0 ? 'none' : slower.length} slower by more than ${percent(bound)}`,
  ];
}

function percent(bound: number): string {
  return bound >= 2 ? `${number(bound)} times` : `${Math.round((bound - 1) * 100)} %`;
}
