import type {
  Discovery,
  FoundInstance,
  FoundService,
  RegisteredService,
  ServiceChange,
  SourceName,
} from '../../model/discovery.ts';
import type { Stack } from '../../model/stack.ts';
import { addressText } from '../addresses.ts';
import { registrationsOf } from '../registration.ts';

/** One failed look may be a hiccup; the second in a row is not. */
const STRIKES = 2;
/** So often within the window is too often: it is left out until it stays. */
const FLAPS = 3;
const FLAP_WINDOW_MS = 60_000;
/** How long it must stay then: doubled each time it is damped again. */
const FIRST_CALM_MS = 10_000;
const LONGEST_CALM_MS = 60_000;

export interface TrackerSettings {
  graceMs: number;
  drainMs: number;
}

interface Tracked {
  service: string;
  instance: FoundInstance;
  /** `in`: it gets requests. `out`: it is there and does not. */
  state: 'in' | 'out' | 'draining' | 'crashed';
  /** When that began, in the milliseconds of the looks. */
  since: number;
  strikes: number;
  /** When it was let in. */
  ups: number[];
  /** It must stay well for so long before it is let in again; `undefined` when it is not damped. */
  calmMs: number | undefined;
  calmSince: number | undefined;
}

/**
 * What `--watch` remembers between two looks: who is let in, who is being let go, who has crashed and keeps its route for
 * a while, and who comes and goes too often. No clock of its own: the time is handed in.
 */
export class Tracker {
  readonly #settings: TrackerSettings;
  readonly #tracked = new Map<string, Tracked>();
  /** Those that have crashed, lie there, and had their grace. */
  readonly #buried = new Set<string>();
  /** As last seen: a service that has crashed is told from it. */
  readonly #services = new Map<string, FoundService>();

  constructor(settings: TrackerSettings) {
    this.#settings = settings;
  }

  /**
   * Takes a look in.
   *
   * @param now milliseconds that never jump
   * @param stopping ids of instances that somebody has asked to end
   * @param blind sources that could not be asked: what only they can see is not gone
   */
  look(
    discovery: Discovery,
    now: number,
    { stopping, blind }: { stopping: ReadonlySet<string>; blind: ReadonlySet<SourceName> },
  ): ServiceChange[] {
    const changes: ServiceChange[] = [];
    const tell = (change: ServiceChange['change'], { service, instance }: Tracked, reason: string) =>
      changes.push({ time: discovery.takenAt, change, service, instance: instance.id, reason });
    const seen = new Set<string>();
    for (const service of discovery.services) {
      // A rival that was refused, or a stranger of the same name, is nothing to be followed.
      if (!service.ownsName) continue;
      this.#services.set(service.name, service);
      for (const instance of service.instances) {
        const key = keyOf(service.name, instance.id);
        seen.add(key);
        const known = this.#tracked.get(key);
        if (known !== undefined) this.#seenAgain(known, instance, now, stopping, tell);
        else this.#seenFirst(key, service, instance, now, stopping, tell);
      }
    }
    for (const key of this.#buried) if (!seen.has(key)) this.#buried.delete(key);
    for (const [key, tracked] of this.#tracked) {
      if (!seen.has(key) && !isOutOfSight(tracked.instance, blind))
        this.#missing(tracked, now, stopping, tell);
    }
    this.#expire(now, tell);
    return changes;
  }

  /** Whether there is an instance of this id. */
  knows(id: string): boolean {
    return [...this.#tracked.values()].some(({ instance }) => instance.id === id);
  }

  /** What should stand at the gateway now: a route for every service of which an instance is still counted. */
  registrations(stack: Stack): RegisteredService[] {
    const services = [...this.#services.values()].flatMap((service) => {
      const tracked = [...this.#tracked.values()].filter(({ service: name }) => name === service.name);
      return tracked.length === 0 ? [] : [{ ...service, instances: tracked.map(({ instance }) => instance) }];
    });
    const isIn = ({ name }: FoundService, { id }: FoundInstance) =>
      this.#tracked.get(keyOf(name, id))?.state === 'in';
    return registrationsOf(services, stack, isIn);
  }

  /** The services that count, each with the instances that get requests: what is announced. */
  present(): FoundService[] {
    return [...this.#services.values()].flatMap((service) => {
      const instances = [...this.#tracked.values()]
        .filter(({ service: name, state }) => name === service.name && state === 'in')
        .map(({ instance }): FoundInstance => ({ ...instance, condition: 'healthy' }));
      return instances.length === 0 ? [] : [{ ...service, instances }];
    });
  }

  /** When the next thing happens by itself; `undefined` when nothing will. */
  nextDeadline(): number | undefined {
    const { graceMs, drainMs } = this.#settings;
    const deadlines = [...this.#tracked.values()].flatMap(({ state, since, calmMs, calmSince }) => {
      if (state === 'draining') return [since + drainMs];
      if (state === 'crashed') return [since + graceMs];
      return calmMs !== undefined && calmSince !== undefined ? [calmSince + calmMs] : [];
    });
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /** The youngest of those that are there and not well yet: it is worth to be looked at again soon. */
  waitingSince(): number | undefined {
    const waiting = [...this.#tracked.values()].filter(
      ({ state, instance, strikes }) =>
        (state === 'out' && instance.address !== undefined && instance.condition !== 'healthy') ||
        (state === 'in' && strikes > 0),
    );
    return waiting.length === 0 ? undefined : Math.max(...waiting.map(({ since }) => since));
  }

  #seenFirst(
    key: string,
    { name }: FoundService,
    instance: FoundInstance,
    now: number,
    stopping: ReadonlySet<string>,
    tell: Tell,
  ): void {
    // What is declared and does not run, or ended before we came, is no news.
    if (instance.condition === 'absent' || instance.condition === 'stopped' || stopping.has(instance.id))
      return;
    const isCrashed = instance.condition === 'crashed';
    if (isCrashed && this.#buried.has(key)) return;
    this.#buried.delete(key);
    const isIn = instance.condition === 'healthy';
    const tracked: Tracked = {
      service: name,
      instance,
      state: isCrashed ? 'crashed' : isIn ? 'in' : 'out',
      since: now,
      strikes: 0,
      ups: isIn ? [now] : [],
      calmMs: undefined,
      calmSince: undefined,
    };
    this.#tracked.set(key, tracked);
    const at = instance.address === undefined ? '' : ` at ${addressText(instance.address)}`;
    if (isCrashed) tell('crashed', tracked, instance.reason);
    else
      tell('appeared', tracked, `${instance.condition}${at}${instance.reason ? `: ${instance.reason}` : ''}`);
  }

  #seenAgain(
    tracked: Tracked,
    instance: FoundInstance,
    now: number,
    stopping: ReadonlySet<string>,
    tell: Tell,
  ): void {
    const before = tracked.instance;
    tracked.instance = instance;
    if (stopping.has(instance.id)) {
      this.#drain(tracked, now, 'it is being stopped', tell);
      return;
    }
    switch (instance.condition) {
      case 'healthy':
        this.#well(tracked, before, now, tell);
        return;
      case 'stopped':
        this.#drain(tracked, now, instance.reason, tell);
        return;
      case 'crashed':
      case 'absent':
      case 'restarting':
        this.#crash(tracked, now, instance.reason, tell);
        return;
      default:
        this.#unwell(tracked, now, tell);
    }
  }

  #well(tracked: Tracked, before: FoundInstance, now: number, tell: Tell): void {
    tracked.strikes = 0;
    if (tracked.state === 'in') {
      const differs = differenceOf(before, tracked.instance);
      if (differs !== '') tell('changed', tracked, differs);
      return;
    }
    if (tracked.calmMs !== undefined) {
      tracked.calmSince ??= now;
      if (tracked.state !== 'out') this.#move(tracked, 'out', now);
      if (now - tracked.calmSince < tracked.calmMs) return;
      tell('settled', tracked, `well for ${tracked.calmMs / 1000} s`);
      tracked.ups = [];
      tracked.calmSince = undefined;
      this.#move(tracked, 'in', now);
      return;
    }
    tracked.ups = [...tracked.ups.filter((at) => now - at < FLAP_WINDOW_MS), now];
    if (tracked.ups.length > FLAPS) {
      tracked.calmMs = FIRST_CALM_MS;
      tracked.calmSince = now;
      this.#move(tracked, 'out', now);
      tell('damped', tracked, `it came and went ${FLAPS} times within ${FLAP_WINDOW_MS / 1000} s`);
      return;
    }
    this.#move(tracked, 'in', now);
    tell('healthy', tracked, tracked.instance.address ? addressText(tracked.instance.address) : '');
  }

  #unwell(tracked: Tracked, now: number, tell: Tell): void {
    this.#disturb(tracked);
    if (tracked.state === 'out') return;
    if (tracked.state === 'in') {
      tracked.strikes += 1;
      if (tracked.strikes < STRIKES) return;
      tell('unhealthy', tracked, tracked.instance.reason);
    }
    // It was ending or had crashed, and is there again.
    tracked.strikes = 0;
    this.#move(tracked, 'out', now);
  }

  #crash(tracked: Tracked, now: number, reason: string, tell: Tell): void {
    this.#disturb(tracked);
    if (tracked.state === 'crashed' || tracked.state === 'draining') return;
    this.#move(tracked, 'crashed', now);
    tell('crashed', tracked, reason);
  }

  #drain(tracked: Tracked, now: number, reason: string, tell: Tell): void {
    if (tracked.state === 'draining') return;
    this.#move(tracked, 'draining', now);
    tell('draining', tracked, reason);
  }

  #missing(tracked: Tracked, now: number, stopping: ReadonlySet<string>, tell: Tell): void {
    const { instance } = tracked;
    const isAnnounced = instance.evidence.some(({ source }) => source === 'bus');
    if (stopping.has(instance.id)) this.#drain(tracked, now, 'it was stopped', tell);
    else if (isAnnounced) this.#drain(tracked, now, 'it said goodbye', tell);
    else this.#crash(tracked, now, 'it is not there any more', tell);
  }

  /** What is not well must be well anew for the whole time. */
  #disturb(tracked: Tracked): void {
    if (tracked.calmMs === undefined || tracked.calmSince === undefined) return;
    tracked.calmSince = undefined;
    tracked.calmMs = Math.min(LONGEST_CALM_MS, tracked.calmMs * 2);
  }

  #move(tracked: Tracked, state: Tracked['state'], now: number): void {
    tracked.state = state;
    tracked.since = now;
  }

  #expire(now: number, tell: Tell): void {
    const { graceMs, drainMs } = this.#settings;
    for (const [key, tracked] of this.#tracked) {
      const { state, since } = tracked;
      const isOver =
        (state === 'draining' && now - since >= drainMs) || (state === 'crashed' && now - since >= graceMs);
      if (!isOver) continue;
      this.#tracked.delete(key);
      if (state === 'crashed') this.#buried.add(key);
      const isLast = ![...this.#tracked.values()].some(({ service }) => service === tracked.service);
      if (isLast) this.#services.delete(tracked.service);
      const what = state === 'crashed' ? `${graceMs / 1000} s after it crashed` : 'stopped';
      tell('gone', tracked, isLast ? `${what}; nothing of ${tracked.service} is left` : what);
    }
  }
}

type Tell = (change: ServiceChange['change'], tracked: Tracked, reason: string) => void;

function keyOf(service: string, instance: string): string {
  return `${service}\n${instance}`;
}

/** Whether those who have brought it in, or all who have seen it, cannot look now. */
function isOutOfSight({ evidence }: FoundInstance, blind: ReadonlySet<SourceName>): boolean {
  const sources = evidence.flatMap(({ source }) => (source === 'health' ? [] : [source]));
  const vouchers = sources.filter(
    (source) => source === 'docker' || source === 'bus' || source === 'registry',
  );
  return vouchers.length > 0
    ? vouchers.some((source) => blind.has(source))
    : sources.every((source) => blind.has(source));
}

function differenceOf(before: FoundInstance, now: FoundInstance): string {
  const text = ({ address }: FoundInstance) => (address === undefined ? 'nowhere' : addressText(address));
  const facts: [string, string, string][] = [
    ['address', text(before), text(now)],
    ['version', before.version ?? 'none', now.version ?? 'none'],
    ['weight', String(before.weight), String(now.weight)],
  ];
  return facts
    .filter(([, from, to]) => from !== to)
    .map(([name, from, to]) => `${name} ${from} → ${to}`)
    .join(', ');
}
