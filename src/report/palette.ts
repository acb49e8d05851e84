import { Chalk } from 'chalk';

type Paint = (text: string) => string;

/** What colours are for; which ones they are is decided here alone. */
export interface Palette {
  strong: Paint;
  faint: Paint;
  good: Paint;
  warning: Paint;
  bad: Paint;
  /** Commands to type, and what was asked for. */
  accent: Paint;
}

export function createPalette(color: boolean): Palette {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  return {
    strong: chalk.bold,
    faint: chalk.dim,
    good: chalk.green,
    warning: chalk.yellow,
    bad: chalk.red,
    accent: chalk.cyan,
  };
}
