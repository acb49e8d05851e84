import type { Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import type { Strategy } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { chooseProviders } from '../placement/choose.ts';
import { lookAtPresent } from '../placement/present.ts';
import { engineState } from '../runtimes/containers/index.ts';
import type { Check, Finding, Machine } from './check.ts';
import { compose } from './checks/compose.ts';
import { disk } from './checks/disk.ts';
import { docker } from './checks/docker.ts';
import { memory } from './checks/memory.ts';
import { node } from './checks/node.ts';
import { ports } from './checks/ports.ts';
import { program } from './checks/program.ts';
import { state } from './checks/state.ts';
import { strategy } from './checks/strategy.ts';

const CHECK_NAMES = [
  'node',
  'docker',
  'compose',
  'rabbitmq-server',
  'redis-server',
  'postgres',
  'ports',
  'memory',
  'disk',
  'state',
  'strategy',
] as const;
export type CheckName = (typeof CHECK_NAMES)[number];

const CHECKS: Record<CheckName, Check> = {
  node,
  docker,
  compose,
  'rabbitmq-server': program('rabbitmq-server'),
  'redis-server': program('redis-server'),
  postgres: program('postgres'),
  ports,
  memory,
  disk,
  state,
  strategy,
};

export interface Diagnosis {
  checks: ({ name: CheckName } & Finding)[];
  /** What `up` would choose; `null` when it would not start. */
  strategy: Strategy | null;
}

/**
 * Says what this machine has and lacks for running a stack. `stack` is the one here, or, with `inStack` false, the one
 * that `qbtc new` would make. Changes nothing.
 */
export async function diagnose(context: Context, stack: Stack, inStack: boolean): Promise<Diagnosis> {
  const plan = planned(context, stack, inStack);
  const machine: Machine = { context, stack, inStack, engine: engineState(context), plan };
  const checks = await Promise.all(
    CHECK_NAMES.map(async (name) => {
      const finding = await CHECKS[name](machine).catch(
        (error: unknown): Finding => ({
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
    const present = inStack ? await lookAtPresent(context, stack.root) : undefined;
    return await chooseProviders(context, stack, present);
  } catch (error) {
    return error instanceof QbtcError
      ? error
      : new QbtcError('UNPLANNED', messageOf(error), { cause: error });
  }
}
