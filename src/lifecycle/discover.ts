import type { Context } from '../context.ts';
import {
  announce,
  announceable,
  announcementsOf,
  type DiscoverOptions,
  including,
  isAnnounced,
  isContained,
  readAnnounced,
  registrationsOf,
  watchServices,
  withoutStopped,
  writeAnnounced,
} from '../discovery/index.ts';
import { messageOf, QbtcError } from '../errors.ts';
import { applyRoutes, planRoutes } from '../gateway/index.ts';
import type { Registration } from '../model/discovery.ts';
import {
  type Discovery,
  type FoundService,
  type RegisteredService,
  type ServiceChange,
  SOURCE_NAMES,
  type SourceName,
} from '../model/discovery.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { runningInstances } from '../services/index.ts';
import { withLock } from './lock.ts';

/**
 * Brings the gateway to what was found: the declared routes of declared services that are there, and an upstream and a
 * route for each other service that has one. What was registered once and is gone goes. Then tells it on the bus.
 *
 * @throws QbtcError those of `planRoutes`; `LOCKED`
 */
export async function registerServices(
  context: Context,
  stack: Stack,
  discovery: Discovery,
  { dryRun, include }: { dryRun: boolean; include: readonly string[] },
): Promise<Registration> {
  const { services: found } = discovery;
  const services = including(found, include, stack);
  const work = async (): Promise<Registration> => {
    // The declared part first: what is discovered takes no path from it.
    const parts = [
      await planDeclared(context, stack, discovery),
      await planDiscovered(context, stack, discovery, registrationsOf(withoutStopped(services), stack)),
    ];
    const before = await readAnnounced(stack.root);
    const now = withUnseen(before, announceable(services), discovery);
    const said = announcementsOf(before, now, ({ name, instance }) => reasonGone(found, name, instance));
    const announced = said.map(({ key, data }) => ({
      key,
      name: String(data.name),
      instance: String(data.instance),
    }));
    if (dryRun) {
      const changes = parts.flatMap((part) => part.changes);
      return { services, changes, announced, announcing: 'done', unannounced: '', outcomes: [] };
    }
    const outcomes: ChangeOutcome[] = [];
    for (const part of parts) outcomes.push(...(await applyRoutes(context, stack, part)));
    const { announcing, reason: unannounced } = await tell(context, stack, said, now);
    return {
      services,
      changes: outcomes.map(changeOf),
      announced: announcing === 'done' ? announced : [],
      announcing,
      unannounced,
      outcomes,
    };
  };
  return dryRun ? work() : withLock(stack.root, 'discover --register', work);
}

export interface WatchAndRegisterOptions extends DiscoverOptions {
  /** Also registers what is found, and what is gone. */
  register: boolean;
  onChange(change: ServiceChange): void;
  end: AbortSignal;
}

/** Watches until the end, and keeps the gateway and the bus at what is there, where that is asked for. */
export async function watchAndRegister(
  context: Context,
  stack: Stack,
  { register, onChange, end, ...options }: WatchAndRegisterOptions,
): Promise<void> {
  let kept = '';
  const tell = (
    change: ServiceChange['change'],
    about: { service?: string; instance?: string },
    reason: string,
  ) =>
    onChange({
      time: new Date(context.clock.now()).toISOString(),
      change,
      service: about.service ?? '',
      instance: about.instance ?? '',
      reason,
    });
  const away = new Set<string>();
  const blocked = new Set<string>();
  await watchServices(context, stack, {
    ...options,
    running: () => runningInstances(context, stack),
    end,
    async onLook({ changes, registrations, present, discovery, isResync }) {
      for (const change of changes) onChange(change);
      if (!register) return true;
      const wanted = JSON.stringify([registrations, announceable(present)]);
      // Somebody else may have changed the gateway meanwhile.
      if (wanted === kept && !isResync) return true;
      try {
        const obstacles = await keep(context, stack, {
          registrations,
          present,
          discovery,
          // What is declared changes with `qbtc.yaml` alone: seen to at first, and at each resync.
          withDeclared: kept === '' || isResync,
        });
        for (const { name, reason } of obstacles) {
          if (!blocked.has(reason)) tell('refused', { service: name }, reason);
          blocked.add(reason);
        }
        for (const instance of away)
          tell('source-back', { instance }, `${instance} takes what is found again`);
        away.clear();
        kept = wanted;
        return true;
      } catch (error) {
        if (end.aborted) return true;
        // A gateway or bus that is away, or another command at work.
        const instance = error instanceof QbtcError && error.code === 'NOT_ANNOUNCED' ? 'bus' : 'gateway';
        if (!away.has(instance)) tell('source-lost', { instance }, messageOf(error));
        away.add(instance);
        return false;
      }
    },
  });
}

/** Gives what is in the way of some of it. */
async function keep(
  context: Context,
  stack: Stack,
  look: {
    registrations: RegisteredService[];
    present: FoundService[];
    discovery: Discovery;
    withDeclared: boolean;
  },
): Promise<{ name: string; reason: string }[]> {
  return withLock(stack.root, 'discover --watch --register', async () => {
    const obstacles: { name: string; reason: string }[] = [];
    const { discovery, registrations } = look;
    const declared = look.withDeclared ? [await planDeclared(context, stack, discovery)] : [];
    for (const part of [...declared, await planDiscovered(context, stack, discovery, registrations)]) {
      const outcomes = await applyRoutes(context, stack, part);
      for (const { change } of outcomes)
        if (change.blocked !== undefined) obstacles.push({ name: change.name, reason: change.blocked });
      const isBlocked = (name: string) => obstacles.some((each) => each.name === name);
      const broken = outcomes.find(({ status, change }) => status !== 'done' && !isBlocked(change.name));
      if (broken !== undefined)
        throw new QbtcError('GATEWAY_REFUSED', `${broken.change.name}: ${broken.reason ?? broken.status}`);
    }
    const before = await readAnnounced(stack.root);
    const now = withUnseen(before, announceable(look.present), discovery);
    const said = announcementsOf(before, now, ({ name, instance }) =>
      reasonGone(discovery.services, name, instance),
    );
    const { announcing, reason } = await tell(context, stack, said, now);
    if (announcing === 'failed') throw new QbtcError('NOT_ANNOUNCED', reason);
    return obstacles;
  });
}

type Announced = Awaited<ReturnType<typeof readAnnounced>>;
type Part = Awaited<ReturnType<typeof planRoutes>>;

/** The declared routes of the declared services that are there. */
function planDeclared(context: Context, stack: Stack, { services }: Discovery): Promise<Part> {
  const present = stack.services.filter((service) =>
    services.some(
      ({ name, origin, condition }) =>
        name === service.name && origin === 'declared' && condition !== 'absent',
    ),
  );
  const ids = new Set(
    present.flatMap(({ name, routes }) => [
      `upstream ${stack.name}-${name}`,
      ...routes.map((route) => `route ${stack.name}-${route.name}`),
    ]),
  );
  return planRoutes(context, stack, { only: (kind, id) => ids.has(`${kind} ${id}`) });
}

function planDiscovered(
  context: Context,
  stack: Stack,
  discovery: Discovery,
  registrations: readonly RegisteredService[],
): Promise<Part> {
  const blind = SOURCE_NAMES.filter((source) => !wasAsked(discovery, source));
  return planRoutes(context, stack, { discovered: registrations, blind });
}

function wasAsked({ sources }: Discovery, wanted: SourceName): boolean {
  return sources.some(({ source, state }) => source === wanted && state === 'asked');
}

/** What could not be looked for is not gone. */
function withUnseen(before: Announced, now: Announced, discovery: Discovery): Announced {
  const unseen = before.filter(
    ({ name, instance }) =>
      !wasAsked(discovery, isContained(instance) ? 'docker' : 'stack') &&
      !now.some((each) => each.name === name && each.instance === instance),
  );
  return [...now, ...unseen];
}

/** Says it, and writes down what was said only then. Gives the reason why it could not. */
async function tell(
  context: Context,
  stack: Stack,
  said: Parameters<typeof announce>[2],
  now: Parameters<typeof writeAnnounced>[1],
): Promise<{ announcing: Registration['announcing']; reason: string }> {
  if (said.length === 0) return { announcing: 'done', reason: '' };
  if (resourceOfKind(stack, 'rabbitmq') === undefined)
    return { announcing: 'no-broker', reason: 'the stack declares no broker' };
  if (!isAnnounced(stack))
    return { announcing: 'no-listener', reason: 'the services of the stack speak in no envelope' };
  try {
    await announce(context, stack, said);
    await writeAnnounced(stack.root, now);
    return { announcing: 'done', reason: '' };
  } catch (error) {
    context.interrupted.throwIfAborted();
    const hint = error instanceof QbtcError && error.hint !== undefined ? ` (${error.hint})` : '';
    return { announcing: 'failed', reason: `${messageOf(error)}${hint}` };
  }
}

function reasonGone(
  services: readonly FoundService[],
  name: string,
  id: string,
): 'stopped' | 'crashed' | 'expired' {
  const instance = services
    .filter((service) => service.name === name)
    .flatMap(({ instances }) => instances)
    .find((each) => each.id === id);
  if (instance === undefined || instance.condition === 'stopped' || instance.condition === 'absent')
    return 'stopped';
  return instance.condition === 'crashed' || instance.condition === 'restarting' ? 'crashed' : 'expired';
}

function changeOf({ change, status, reason }: ChangeOutcome): Registration['changes'][number] {
  return { ...change, status, ...(reason === undefined ? {} : { why: reason }) };
}
