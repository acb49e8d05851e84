import type { Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { Diagnosis, MachineFinding } from '../model/doctor.ts';
import { RESOURCE_KINDS } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { chooseProviders } from '../placement/choose.ts';
import { observeRunning } from '../placement/running-parts.ts';
import { KINDS } from '../resources/index.ts';
import { engineState } from '../runtimes/containers/index.ts';
import type { Check, Machine } from './check.ts';
import { compose } from './checks/compose.ts';
import { disk } from './checks/disk.ts';
import { docker } from './checks/docker.ts';
import { memory } from './checks/memory.ts';
import { node } from './checks/node.ts';
import { ports } from './checks/ports.ts';
import { program } from './checks/program.ts';
import { state } from './checks/state.ts';
import { strategy } from './checks/strategy.ts';

/** In the order in which they are told: each under its name. */
const CHECKS: readonly (readonly [name: string, check: Check])[] = [
  ['node', node],
  ['docker', docker],
  ['compose', compose],
  ...RESOURCE_KINDS.flatMap((kind): [string, Check][] => {
    const { native } = KINDS[kind];
    return 'impossible' in native || 'offer' in native
      ? []
      : [[native.program.name, program(native.program, kind)]];
  }),
  ['ports', ports],
  ['memory', memory],
  ['disk', disk],
  ['state', state],
  ['strategy', strategy],
];

/**
 * Says what this machine has and lacks for running a stack. `stack` is the one here, or, with `inStack` false, the one
 * that `qbtc new` would make. Changes nothing.
 */
export async function diagnose(context: Context, stack: Stack, inStack: boolean): Promise<Diagnosis> {
  const plan = planned(context, stack, inStack);
  const machine: Machine = { context, stack, inStack, engine: engineState(context), plan };
  const checks = await Promise.all(
    CHECKS.map(async ([name, check]) => {
      const finding = await check(machine).catch(
        (error: unknown): MachineFinding => ({
          status: 'warning',
          found: `could not be looked at: ${messageOf(error)}`,
          fix: null,
        }),
      );
      return { name, ...finding };
    }),
  );
  const decided = await plan;
  return { checks, strategy: 'choices' in decided ? decided.strategy : null };
}

async function planned(context: Context, stack: Stack, inStack: boolean): Promise<Awaited<Machine['plan']>> {
  try {
    const present = inStack ? await observeRunning(context, stack.root) : undefined;
    return await chooseProviders(context, stack, present);
  } catch (error) {
    return error instanceof QbtcError
      ? error
      : new QbtcError('UNPLANNED', messageOf(error), { cause: error });
  }
}
