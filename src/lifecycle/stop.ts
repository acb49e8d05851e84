import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { isOurs } from '../placement/index.ts';
import { containedParts, openContainers } from '../runtimes/containers/index.ts';
import { attachSupervisor, supervisorProgram } from '../runtimes/processes/index.ts';
import { instancesByHand, instancesOf } from '../services/index.ts';
import { readChoices } from '../state/index.ts';
import { withLock } from './lock.ts';

export interface StopResult {
  stack: string;
  /** What was ended by this call. */
  stopped: string[];
  /** What runs on and needs something of it. */
  stranded: string[];
}

/**
 * Ends resources and services by name, dependants first, and leaves the rest as it is; `up` starts them again. What runs
 * on without what it needs is named, not ended.
 *
 * @throws QbtcError `ADOPTED` for what somebody else runs
 */
export async function stop(context: Context, stack: Stack, names: readonly string[]): Promise<StopResult> {
  return withLock(stack.root, 'qbtc stop', async () => {
    const adopted = [...(await adoptedParts(context, stack))].filter((name) => names.includes(name));
    if (adopted.length > 0) {
      throw new QbtcError(
        'ADOPTED',
        `${adopted.join(', ')} was adopted: qbtc does not stop what it did not start`,
        {
          exit: EXIT.usage,
          hint: 'end it the way it was started',
        },
      );
    }
    const contained = containedParts(await readChoices(stack.root));
    const { progress } = context.io;
    const stopped: string[] = [];
    const done = (name: string) => {
      stopped.push(name);
      progress.done(name, 'ended');
    };
    const supervisor = await attachSupervisor(context, stack.root, supervisorProgram(context));
    const containers = openContainers(context, stack.root);
    const running = (await supervisor?.list()) ?? [];
    const inDocker = contained.size === 0 ? [] : await containers.list();
    try {
      for (const name of dependantsFirst(stack, names)) {
        progress.step(name, 'ending');
        if (contained.has(name)) {
          const lives = inDocker.some(({ service, state }) => service === name && state === 'running');
          await containers.stop([name]);
          if (lives) done(name);
          continue;
        }
        for (const process of processesOf(stack, name, running)) {
          await supervisor?.stop(process);
          done(process);
        }
      }
    } finally {
      supervisor?.close();
      progress.stop();
    }
    const alive = new Set([
      ...running
        .filter((process) => isOurs(process) && !stopped.includes(process.name))
        .map(({ name }) => name),
      ...inDocker.filter(({ state }) => state === 'running').map(({ service }) => service),
    ]);
    const stranded = stack.services.filter(
      (service) =>
        !names.includes(service.name) &&
        service.dependsOn.some((needed) => names.includes(needed)) &&
        [service.name, ...instancesOf(service).map(({ name }) => name)].some((name) => alive.has(name)),
    );
    return { stack: stack.name, stopped, stranded: stranded.map(({ name }) => name) };
  });
}

/** The resources and services that somebody else runs: adopted ones, and services that run by hand. */
export async function adoptedParts(context: Pick<Context, 'host'>, stack: Stack): Promise<Set<string>> {
  const [plan, byHand] = await Promise.all([readChoices(stack.root), instancesByHand(context, stack)]);
  const hands = new Set(byHand.map(({ instance }) => instance));
  return new Set([
    ...(plan?.choices ?? [])
      .filter(({ provider }) => provider === 'external')
      .map(({ resource }) => resource),
    ...stack.services
      .filter((service) => instancesOf(service).every(({ name }) => hands.has(name)))
      .map(({ name }) => name),
  ]);
}

/** The processes of a resource or service that live: the instances, and after a resource its companions. */
function processesOf(
  stack: Stack,
  name: string,
  running: readonly { name: string; partOf?: string; pid: number | undefined; state: string }[],
): string[] {
  const service = stack.services.find((declared) => declared.name === name);
  const names = service === undefined ? [name] : instancesOf(service).map((instance) => instance.name);
  const own = running.filter((process) => names.includes(process.name));
  const companions = running.filter(({ partOf }) => partOf === name);
  return [...own, ...companions]
    .filter(({ pid, state }) => pid !== undefined || state === 'restarting')
    .map((process) => process.name);
}

function dependantsFirst(stack: Stack, names: readonly string[]): string[] {
  const ordered = new Set<string>();
  const visit = (name: string) => {
    if (ordered.has(name)) return;
    for (const service of stack.services)
      if (service.dependsOn.includes(name) && names.includes(service.name)) visit(service.name);
    ordered.add(name);
  };
  for (const name of new Set(names)) visit(name);
  return [...ordered];
}
