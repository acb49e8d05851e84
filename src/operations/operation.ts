import type * as z from 'zod';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { Document, DocumentKind, DocumentOf } from '../report/index.ts';

/** What is given back: data for a reporter, and the exit code where it is not `done`. */
export interface Outcome<Kind extends DocumentKind = DocumentKind> {
  document?: DocumentOf<Kind>;
  /** One of ours, or what a program of the user's ended with. */
  exit?: ExitCode | number;
}

/** Takes what an operation tells while it goes on. */
export type Tell = (document: Document) => void;

/**
 * One thing that qbtc can do, whoever asks for it: a command, an agent, an HTTP call. A file in this folder exports it as
 * `operation`, and `catalogue.ts` names it.
 */
export interface Operation<Input extends z.ZodType, Kind extends DocumentKind, Subject> {
  /** What it does, in one line. */
  about: string;
  /** The most that it does to the stack: `destroys` is what cannot be had back. */
  effect: 'reads' | 'changes' | 'destroys';
  /** What it is asked with, as plain data. */
  input: Input;
  /** The kinds of document that it gives. */
  documents: readonly Kind[];
  /** What it tells while it goes on, where it does until it is interrupted. */
  tells?: DocumentKind;
  /** Whether the runner takes the lock of the stack. A use case of `lifecycle` that takes it by itself needs none. */
  locks?: (input: z.output<Input>) => boolean;
  /** What it works on; the stack of the folder when left out. */
  open?: (context: Context, input: z.output<Input>) => Promise<Subject>;
  run(context: Context, subject: Subject, input: z.output<Input>, tell: Tell): Promise<Outcome<Kind>>;
}

/** Declares an operation; the types follow from its input and its documents. */
export function operationOf<Input extends z.ZodType, const Kind extends DocumentKind, Subject = Stack>(
  operation: Operation<Input, Kind, Subject>,
): Operation<Input, Kind, Subject> {
  return operation;
}
