import { watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import { observeResources, stackFolders } from '../infra/index.ts';
import { takeScore } from '../lifecycle/score.ts';
import type { HealWatchEvent } from '../model/heal.ts';
import type { Stack } from '../model/stack.ts';
import { type HealOptions, heal } from './heal.ts';

export interface WatchOptions extends Pick<HealOptions, 'timeoutMs' | 'onRepair'> {
  /** Acts below this score. */
  below: number;
  /** Seconds between two looks. */
  every: number;
  onEvent(event: HealWatchEvent): void;
}

/** What is not well at one look and well at the next needs nobody: the supervisor is quicker. */
const SECOND_LOOK_MS = 3_000;
/** The supervisor writes its state several times for one crash. */
const SETTLE_MS = 500;
/** So many looks at the parts alone come between two at what is declared: drift hurries nobody. */
const FULL_EVERY = 10;

/**
 * Watches the stack until it is interrupted: looks at its parts every so often and whenever the supervisor notes a
 * change, and heals when something is not well at two looks in a row and the score is below the bar. A look that needs
 * nothing costs one question to each part.
 */
export async function watchAndHeal(
  context: Context,
  open: () => Promise<Stack>,
  options: WatchOptions,
): Promise<void> {
  const { interrupted, io } = context;
  const end = AbortSignal.any([interrupted, io.unread]);
  let stack = await open();
  const { onEvent, every, below } = options;
  const changes = new Changes(stack.root, end);
  onEvent({ event: 'watching', every, below });
  for (let look = 1; !end.aborted; look += 1) {
    try {
      stack = await open();
      const full = look % FULL_EVERY === 0;
      const needed = (await isUnwell(context, stack, onEvent)) || full;
      if (needed) await act(context, stack, open, options);
    } catch (error) {
      // A broken qbtc.yaml, a full disk, another qbtc at work: said, and looked at again.
      if (end.aborted) break;
      onEvent({ event: 'could-not', reason: messageOf(error) });
    }
    await changes.orAfter(every * 1000);
  }
  changes.close();
}

/** Whether something is not well, and still is a moment later. */
async function isUnwell(context: Context, stack: Stack, onEvent: WatchOptions['onEvent']): Promise<boolean> {
  const first = await unwellParts(context, stack);
  if (first.length === 0) return false;
  await context.clock.sleep(SECOND_LOOK_MS, context.interrupted);
  const second = await unwellParts(context, stack);
  const both = second.filter((name) => first.includes(name));
  if (both.length > 0) onEvent({ event: 'looked', unwell: both });
  return both.length > 0;
}

async function unwellParts(context: Context, stack: Stack): Promise<string[]> {
  const { resources, supervisor } = await observeResources(context, stack);
  const missed =
    supervisor === undefined &&
    resources.some(({ pid, provider }) => pid !== undefined && provider !== 'docker');
  const stoodIn = resources.filter(({ standsIn }) => standsIn === true);
  const unwell = resources.filter(({ state, standsIn }) => state !== 'active' && standsIn !== true);
  return [...(missed ? ['supervisor'] : []), ...[...unwell, ...stoodIn].map(({ name }) => name)];
}

async function act(
  context: Context,
  stack: Stack,
  reopen: () => Promise<Stack>,
  options: WatchOptions,
): Promise<void> {
  const { below, onEvent, timeoutMs, onRepair } = options;
  const { score, snapshot } = await takeScore(context, stack);
  const standsIn = snapshot.resources.some((each) => each.standsIn === true);
  // Who is stood in for is to be brought back whatever the score says of the stand-in.
  const acts = score.adjusted < below || standsIn || snapshot.supervisor === undefined;
  onEvent({ event: 'scored', score: score.adjusted, below, acts });
  if (!acts) return;
  const result = await heal(context, stack, {
    reopen,
    dryRun: false,
    retry: false,
    timeoutMs,
    ...(onRepair === undefined ? {} : { onRepair }),
  });
  onEvent({ event: 'healed', result });
}

/** Wakes when the supervisor writes its state. */
class Changes {
  readonly #watcher: ReturnType<typeof watch> | undefined;
  readonly #end: AbortSignal;
  #wake = new AbortController();

  constructor(root: string, end: AbortSignal) {
    this.#end = end;
    try {
      this.#watcher = watch(stackFolders(root).state, (_, name) => {
        if (name === 'state.json') this.#wake.abort();
      });
      this.#watcher.on('error', () => {});
    } catch {
      // A file system that tells nobody: then it is every so often.
    }
  }

  async orAfter(ms: number): Promise<void> {
    const woken = AbortSignal.any([this.#end, this.#wake.signal]);
    await delay(ms, undefined, { signal: woken }).catch(() => {});
    if (!this.#end.aborted && this.#wake.signal.aborted)
      await delay(SETTLE_MS, undefined, { signal: this.#end }).catch(() => {});
    this.#wake = new AbortController();
  }

  close(): void {
    this.#watcher?.close();
  }
}
