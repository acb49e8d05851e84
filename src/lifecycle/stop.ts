import type { Context } from '../context.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { StopResult } from '../model/lifecycle.ts';
import type { Stack } from '../model/stack.ts';
import { openRuntimes } from '../placement/runtimes.ts';
import { instancesByHand, instancesOf } from '../services/index.ts';
import { readChoices } from '../state/index.ts';
import { withLock } from './lock.ts';

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
    const { progress } = context.io;
    const stopped: string[] = [];
    const runtimes = await openRuntimes(context, stack);
    let alive: string[];
    try {
      // Asked first: with an engine that does not answer, nothing is ended.
      const parts = (await Promise.all(runtimes.inUse.map((runtime) => runtime.list()))).flat();
      for (const name of dependantsFirst(stack, names)) {
        progress.step(name, 'ending');
        const { runtime, parts: own } = runtimes.of(name);
        for (const ended of await runtime.stop(own)) {
          stopped.push(ended);
          progress.done(ended, 'ended');
        }
      }
      alive = parts
        .filter(({ name, lives, state }) => (lives || state === 'starting') && !stopped.includes(name))
        .map(({ name }) => name);
    } finally {
      runtimes.close();
      progress.stop();
    }
    const stranded = stack.services.filter(
      (service) =>
        !names.includes(service.name) &&
        service.dependsOn.some((needed) => names.includes(needed)) &&
        [service.name, ...instancesOf(service).map(({ name }) => name)].some((name) => alive.includes(name)),
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
      .filter(
        (service) => service.url !== undefined || instancesOf(service).every(({ name }) => hands.has(name)),
      )
      .map(({ name }) => name),
  ]);
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
