import { type Problem, REMEDY_NAMES, type Repair } from '../model/heal.ts';
import type { Stack } from '../model/stack.ts';
import { type AttemptBook, keyOf, pauseBefore, spent } from './attempts.ts';
import { REMEDIES } from './registry.ts';
import { isGateway } from './remedy.ts';
import type { World } from './world.ts';

export interface PlanOptions {
  attempts: AttemptBook;
  /** Milliseconds since the epoch. */
  now: number;
  /** From 0 to 1. */
  random: number;
}

/**
 * What will be done about each problem: the gentlest remedy that fits and is not spent. Pure.
 */
export function planRepairs(
  problems: readonly Problem[],
  world: World,
  stack: Stack,
  options: PlanOptions,
): Repair[] {
  return problems.map((problem) => planOne(problem, world, stack, options));
}

function planOne(problem: Problem, world: World, stack: Stack, options: PlanOptions): Repair {
  const { attempts, now, random } = options;
  const common = {
    problem,
    provenBy: provingFlows(world, problem.subject),
    points: pointsOf(world, problem),
  };
  if (problem.kind === 'down') {
    return { ...common, command: 'qbtc up', blocked: 'heal mends what runs; qbtc up starts it' };
  }
  if (problem.held !== undefined) {
    const blocked = `held by the fault ${problem.held}: qbtc chaos undo`;
    return { ...common, command: 'qbtc chaos undo', blocked };
  }
  const refusals: string[] = [];
  for (const name of REMEDY_NAMES) {
    const remedy = REMEDIES[name];
    if (!remedy.mends.includes(problem.kind)) continue;
    const unfit = remedy.unfit?.(problem, world, stack);
    if (unfit !== undefined) {
      refusals.push(unfit);
      continue;
    }
    const done = attempts[keyOf(name, problem.subject)];
    const most = remedy.attempts?.(problem, stack) ?? stack.heal.attempts;
    if (done?.quarantined !== undefined) {
      refusals.push(`${name} is quarantined: ${done.quarantined}`);
      continue;
    }
    const why = spent(done, most, now);
    if (why !== undefined) {
      refusals.push(`${name} ${why}`);
      continue;
    }
    const waitMs = pauseBefore(done, now, random);
    return {
      ...common,
      remedy: name,
      cost: remedy.cost,
      command: remedy.command(problem, stack),
      ...(waitMs > 0 ? { waitMs } : {}),
    };
  }
  return { ...common, blocked: blockedBy(problem, stack, refusals) };
}

/** What stands in the way most plainly: what was tried, or why nothing fits. */
function blockedBy(problem: Problem, stack: Stack, refusals: readonly string[]): string {
  if (problem.kind === 'away' && !isGateway(problem, stack))
    return `${problem.subject} is not run by qbtc: start it the way it was started`;
  return [...new Set(refusals)].join('; ');
}

/** The flows whose hops name the subject. */
function provingFlows({ snapshot: { flows } }: World, subject: string): string[] {
  if (!flows.measured) return [];
  return flows.value
    .filter(({ hops }) => hops.some((hop) => hop.subject === subject))
    .map(({ name }) => name);
}

/** What the score promises for the mending of the subject. */
function pointsOf({ score }: World, { kind, subject }: Problem): number {
  const drifted = kind === 'routes-drifted' ? 'routes' : kind === 'topology-drifted' ? 'topology' : undefined;
  const checks = score.components
    .flatMap((component) => component.checks)
    .filter(({ fix }) => (drifted === undefined ? fix?.cause === subject : fix?.applies === drifted));
  return Math.round(checks.reduce((sum, { max }) => sum + max * 100, 0)) / 100;
}
