import type { Context } from '../context.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import type { ProcessSpec } from '../runtimes/processes/protocol.ts';

/** How one kind of resource is provided by what `npm ci` brought. */
export interface EmbeddedPart {
  /** What it is, for the plan. */
  what: string;
  /** What is lost against the real server; empty when it is the real server. */
  loss: string;
  /** Why it cannot run on this machine; `undefined` when it can. */
  unavailable?(stack: Stack, resource: Resource): Promise<string | undefined>;
  prepare(context: Context, stack: Stack, resource: Resource): Promise<ProcessSpec>;
}
