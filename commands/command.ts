import type { Command } from 'commander';
import type { Context } from '../src/context.ts';
import type { ExitCode } from '../src/errors.ts';
import type { Document } from '../src/report/index.ts';

/** What a command gives back: data for the reporter, and the exit code where it is not `done`. */
export interface Outcome {
  document?: Document;
  /** One of ours, or what a program of the user's ended with. */
  exit?: ExitCode | number;
}

/** A command's work. `options` are commander's, `args` the positional ones. */
export type Handler<Options> = (context: Context, options: Options, args: string[]) => Promise<Outcome>;

/** Makes a commander action of a handler: builds the context, reports the outcome, sets the exit code. */
export type Run = <Options>(handler: Handler<Options>) => (...args: unknown[]) => Promise<void>;

/** One command: declares itself on the program, and loads what it needs only when it is run. */
export type Register = (program: Command, run: Run) => void;
