import type { Command } from 'commander';
import type { Context } from '../src/context.ts';
import type { Outcome } from '../src/operations/index.ts';

/** A command's work. `options` are commander's, `args` the positional ones. */
export type Handler<Options> = (context: Context, options: Options, args: string[]) => Promise<Outcome>;

/** Makes a commander action of a handler: builds the context, reports the outcome, sets the exit code. */
export type Run = <Options>(handler: Handler<Options>) => (...args: unknown[]) => Promise<void>;

/** One command: declares itself on the program, and loads what it needs only when it is run. */
export type Register = (program: Command, run: Run) => void;
