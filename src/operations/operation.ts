import * as z from 'zod';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { Document, DocumentKind, DocumentOf } from '../report/index.ts';
import { type Bounds, withinBounds } from './bounds.ts';

/** What is given back: data for a reporter, and the exit code where it is not `done`. */
export interface Outcome<Kind extends DocumentKind = DocumentKind> {
  document?: DocumentOf<Kind>;
  /** One of ours, or what a program of the user's ended with. */
  exit?: ExitCode | number;
}

/** Takes what an operation tells while it goes on. */
export type Tell = (document: Document) => void;

/** An object with these keys and no others. */
export type Strict<Shape extends z.ZodRawShape> = z.ZodObject<Shape, z.core.$strict>;

/**
 * One thing that qbtc can do, whoever asks for it: a command, an agent, an HTTP call. A file in this folder exports it as
 * `operation`; `catalogue.ts` names it, and says in a line what it does.
 */
export interface Operation<Shape extends z.ZodRawShape, Kind extends DocumentKind, Subject> {
  /** The most that it does to the stack: `destroys` is what cannot be had back. */
  effect: 'reads' | 'changes' | 'destroys';
  /** What it is asked with, as plain data. */
  input: Strict<Shape>;
  /** The kinds of document that it gives. */
  documents: readonly Kind[];
  /** What it tells while it goes on, where it does until it is interrupted. */
  tells?: DocumentKind;
  /** Whether the runner takes the lock of the stack. A use case of `lifecycle` that takes it by itself needs none. */
  locks?: (input: z.output<Strict<Shape>>) => boolean;
  /** What it works on; the stack of the folder when left out. */
  open?: (context: Context, input: z.output<Strict<Shape>>) => Promise<Subject>;
  run(context: Context, subject: Subject, input: z.output<Strict<Shape>>, tell: Tell): Promise<Outcome<Kind>>;
}

/** Declares an operation by the fields of its input; the types follow from them and from its documents. */
export function operationOf<Shape extends z.ZodRawShape, const Kind extends DocumentKind, Subject = Stack>({
  input,
  ...operation
}: Omit<Operation<Shape, Kind, Subject>, 'input'> & { input: Shape }): Operation<Shape, Kind, Subject> {
  return { ...operation, input: z.strictObject(input) };
}

/** A number of an input. */
export function numberIn(bounds: Bounds): z.ZodNumber {
  const { min, max, whole } = bounds;
  const error = withinBounds(bounds);
  return (whole ? z.int({ error }) : z.number({ error })).min(min, { error }).max(max, { error });
}
