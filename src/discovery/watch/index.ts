import { messageOf } from '../../errors.ts';
import {
  type Discovery,
  type FoundService,
  type RegisteredService,
  type ServiceChange,
  SOURCE_NAMES,
  type SourceName,
} from '../../model/discovery.ts';
import type { Finding } from '../../model/finding.ts';
import type { Stack } from '../../model/stack.ts';
import { type DiscoverOptions, discover, scopeOf } from '../discover.ts';
import type { DiscoveryContext, Scope } from '../source.ts';
import { SOURCES } from '../source-registry.ts';
import { Tracker } from './tracker.ts';

/** What comes together is looked at together. */
const DEBOUNCE_MS = 50;
/** However many events there are. */
const LEAST_BETWEEN_LOOKS_MS = 250;
/** What is not well yet is looked at again: soon while it is young, seldom when it is old. */
const RECHECK_FIRST_MS = 250;
const RECHECK_LAST_MS = 5_000;
/** Between two tries to reach a source that is away: doubled each time, without end. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;
/** Sources get so long to subscribe before the first look. */
const SUBSCRIBE_MS = 2_000;

export interface WatchOptions extends DiscoverOptions {
  /**
   * Called after each look, with what has changed (nothing, often) and what should be registered now. Answers whether all
   * of that was done; if not it is called again soon.
   */
  onLook(look: {
    changes: ServiceChange[];
    registrations: RegisteredService[];
    present: FoundService[];
    discovery: Discovery;
    /** Everything is looked at anew: what was done is to be seen to, too. */
    isResync: boolean;
  }): Promise<boolean>;
  end: AbortSignal;
}

/**
 * Looks until the end. Sources are subscribed to before anything is listed, so that nothing is missed in between; what
 * they tell only says that it is time to look. All is looked at anew at an interval, whatever was told.
 */
export async function watchServices(
  context: DiscoveryContext,
  stack: Stack,
  { onLook, end, ...options }: WatchOptions,
): Promise<void> {
  const { clock } = context;
  const { grace, drain, resync } = stack.discovery;
  const tracker = new Tracker({ graceMs: grace * 1000, drainMs: drain * 1000 });
  const bell = new Bell();
  const stopping = new Set<string>();
  const ended = new Map<string, number>();
  const answered: NonNullable<Scope['answered']> = new Map();
  const sourceChanges: ServiceChange[] = [];
  const refusals = new Refusals();
  const wanted = SOURCE_NAMES.filter((name) => options.sources?.includes(name) ?? true);
  const scope = scopeOf(stack, options);
  const subscriptions = wanted.map((name) =>
    subscribe(context, scope, name, end, {
      onChange(change) {
        if (change?.what === 'stopping') stopping.add(change.instance);
        if (change?.what === 'ended') ended.set(change.instance, change.exitCode ?? 1);
        if (change?.what === 'started') {
          stopping.delete(change.instance);
          ended.delete(change.instance);
        }
        bell.ring();
      },
      onState(state, reason) {
        const time = new Date(clock.now()).toISOString();
        sourceChanges.push({ time, change: state, service: '', instance: name, reason });
        bell.ring();
      },
    }),
  );
  const subscribed = Promise.all(subscriptions.map(({ first }) => first));
  await Promise.race([subscribed, clock.sleep(SUBSCRIBE_MS, end).catch(() => {})]);

  let lastLook = clock.monotonic();
  let lastResync = lastLook;
  while (!end.aborted) {
    bell.reset();
    lastLook = clock.monotonic();
    const isResync = lastLook - lastResync >= resync * 1000;
    if (isResync) {
      lastResync = lastLook;
      answered.clear();
    }
    const asked = new Set<SourceName>();
    const discovery = await discover({ ...context, interrupted: end }, stack, {
      ...options,
      ended,
      answered,
    }).catch((error) => {
      if (end.aborted) return undefined;
      throw error;
    });
    if (discovery === undefined) break;
    for (const { source, state } of discovery.sources) if (state === 'asked') asked.add(source);
    const blind = new Set(wanted.filter((name) => !asked.has(name)));
    const changes = [
      ...sourceChanges.splice(0),
      ...tracker.look(discovery, clock.monotonic(), { stopping, blind }),
      ...refusals.news(discovery),
    ];
    for (const id of stopping) if (!tracker.knows(id)) stopping.delete(id);
    for (const id of ended.keys()) if (!tracker.knows(id)) ended.delete(id);
    const isDone = await onLook({
      changes,
      registrations: tracker.registrations(stack),
      present: tracker.present(),
      discovery,
      isResync,
    });
    const now = clock.monotonic();
    const nextLook = Math.min(
      lastResync + resync * 1000,
      tracker.nextDeadline() ?? Number.POSITIVE_INFINITY,
      nextRecheck(tracker.waitingSince(), now),
      isDone ? Number.POSITIVE_INFINITY : now + RECHECK_LAST_MS,
    );
    await bell.wait(clock, Math.max(0, nextLook - now), end);
    if (end.aborted) break;
    const pause = Math.max(DEBOUNCE_MS, lastLook + LEAST_BETWEEN_LOOKS_MS - clock.monotonic());
    await clock.sleep(pause, end).catch(() => {});
  }
  await Promise.all(subscriptions.map(({ over }) => over));
}

/** The older, the later: a tenth of its age. */
function nextRecheck(waitingSince: number | undefined, now: number): number {
  if (waitingSince === undefined) return Number.POSITIVE_INFINITY;
  return now + Math.min(RECHECK_LAST_MS, Math.max(RECHECK_FIRST_MS, (now - waitingSince) / 10));
}

/** What is refused, each told once, and anew when it comes back. */
class Refusals {
  #told = new Set<string>();

  news({ findings, takenAt }: Discovery): ServiceChange[] {
    const errors = findings.filter(({ severity }) => severity === 'error');
    const keyOf = ({ subject, message }: Finding) => `${subject}\n${message}`;
    const fresh = errors.filter((finding) => !this.#told.has(keyOf(finding)));
    this.#told = new Set(errors.map(keyOf));
    return fresh.map(({ subject, message, fix }) => ({
      time: takenAt,
      change: 'refused',
      service: subject,
      instance: '',
      reason: fix === '' ? message : `${message} (${fix})`,
    }));
  }
}

/** Wakes the one who waits; rung before it waits, it does not wait at all. */
class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  reset(): void {
    this.#rung = false;
  }

  async wait(clock: DiscoveryContext['clock'], ms: number, end: AbortSignal): Promise<void> {
    if (this.#rung) return;
    const awake = new AbortController();
    this.#wake = () => awake.abort();
    await clock.sleep(ms, AbortSignal.any([end, awake.signal])).catch(() => {});
    this.#wake = undefined;
  }
}

interface Subscriber {
  onChange: Parameters<NonNullable<(typeof SOURCES)[SourceName]['watch']>>[2]['onChange'];
  onState(state: 'source-lost' | 'source-back', reason: string): void;
}

/** Keeps a source watched, for ever: what breaks is tried again. `first` resolves once it is ready or known to be away. */
function subscribe(
  context: DiscoveryContext,
  scope: Scope,
  name: SourceName,
  end: AbortSignal,
  { onChange, onState }: Subscriber,
): { first: Promise<void>; over: Promise<void> } {
  const source = SOURCES[name];
  if (source.watch === undefined) return { first: Promise.resolve(), over: Promise.resolve() };
  let settleFirst: () => void = () => {};
  const first = new Promise<void>((resolve) => {
    settleFirst = resolve;
  });
  const run = async () => {
    let pause = FIRST_PAUSE_MS;
    const watched = { now: false, before: false };
    while (!end.aborted) {
      const reason = await watchOnce(context, scope, name, end, {
        onChange,
        onReady() {
          pause = FIRST_PAUSE_MS;
          // What happened while it was away is found by looking.
          if (watched.before) onState('source-back', `${name} is watched again`);
          watched.now = true;
          watched.before = true;
          settleFirst();
        },
      });
      if (end.aborted) break;
      if (watched.now) onState('source-lost', `${name}: ${reason}`);
      watched.now = false;
      settleFirst();
      // Several that lost the same server must not come back in step.
      const jitter = 0.8 + Math.random() * 0.4;
      await context.clock.sleep(pause * jitter, end).catch(() => {});
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
    settleFirst();
  };
  return { first, over: run() };
}

/** Why it ended. */
async function watchOnce(
  context: DiscoveryContext,
  scope: Scope,
  name: SourceName,
  end: AbortSignal,
  listener: { onReady(): void; onChange: Subscriber['onChange'] },
): Promise<string> {
  try {
    const absent = await SOURCES[name].absent(context, scope);
    if (absent !== undefined) return absent;
    await SOURCES[name].watch?.(context, scope, listener, end);
    return 'the connection ended';
  } catch (error) {
    return messageOf(error);
  }
}
