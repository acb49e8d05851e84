import type { Context } from '../context.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import type { ProcessSpec } from '../runtimes/processes/protocol.ts';
import type { Program, ServerProgram } from './programs.ts';
import type { Offer } from './provider.ts';

/** How one kind of resource is provided by a program that is installed on the machine. */
export interface NativePart {
  program: ServerProgram;
  /** For the plan: `RabbitMQ`. */
  what: string;
  /** Why the program cannot serve this stack although it is there; `undefined` when it can. */
  unfit?(stack: Stack, resource: Resource, program: Program): Promise<string | undefined>;
  /** The processes, the resource's own last. */
  prepare(context: Context, stack: Stack, resource: Resource, program: Program): Promise<ProcessSpec[]>;
}

/** The same for a program that is the stack's own choice: which one, and how it is run, stands in its declaration. */
export interface DeclaredProgram {
  offer(context: Pick<Context, 'env'>, stack: Stack, resource: Resource): Promise<Offer>;
  prepare(context: Context, stack: Stack, resource: Resource): Promise<ProcessSpec[]>;
}
