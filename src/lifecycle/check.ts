import type { Context } from '../context.ts';
import type { Finding } from '../model/finding.ts';
import type { InfrastructurePlan } from '../model/placement.ts';
import type { Stack } from '../model/stack.ts';
import type { Bundles } from '../services/index.ts';
import type { Selection } from './run.ts';

/** What is about to be started. */
export interface Intent {
  stack: Stack;
  selection: Selection;
  /** `undefined` where it could not be decided: then everything is taken for a process of this machine. */
  plan: InfrastructurePlan | undefined;
  /** Whether migrations, topology and routes are to be applied. */
  applies: boolean;
  /** Whether files in `.qbtc` may be written; a dry run writes none. */
  mayWrite: boolean;
  /** What makes the programs, where the start goes on with what was made for the look. */
  bundles?: Bundles;
}

/**
 * Looks at one thing that would end a start half-way. One file a check in `checks/`. Starts nothing; what it throws as a
 * `QbtcError` is a finding like those that it answers with.
 */
export type Check = (context: Context, intent: Intent) => Promise<Finding[]>;

/** The services that run on this machine itself. */
export function processServices({ selection, plan }: Intent): Selection['services'] {
  return selection.services.filter(
    ({ name, url }) =>
      url === undefined && plan?.services.find(({ service }) => service === name)?.runs !== 'container',
  );
}
