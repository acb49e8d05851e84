import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import { reopenStack } from '../lifecycle/open.ts';
import type { HealResult, HealWatchEvent, ProblemKind } from '../model/heal.ts';
import type { Stack } from '../model/stack.ts';
import { observeResources } from '../observe/resources.ts';
import { stateFolder, statePath } from '../state/index.ts';
import { collectGarbage } from './memory.ts';

export interface WatchOptions {
  /** How long each part may take until it is ready. */
  timeoutMs: number;
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
export async function watchAndHeal(context: Context, opened: Stack, options: WatchOptions): Promise<void> {
  const { interrupted, io } = context;
  const end = AbortSignal.any([interrupted, io.unread]);
  let stack = opened;
  let read = await markOf(stack);
  const { onEvent, every, below } = options;
  // What nothing is done about is not planned for again at each look.
  let leftAlone = '';
  const changes = new Changes(stack.root, end);
  onEvent({ event: 'watching', every, below });
  for (let look = 1; !end.aborted; look += 1) {
    try {
      const mark = await markOf(stack);
      const full = look % FULL_EVERY === 0;
      // A service file that is new, and only matched, changes none of those that were read.
      if (full || mark !== read) stack = await reopenStack(context, stack);
      read = mark;
      const unwell = (await unwellTwice(context, stack, onEvent)).join();
      if (full || (unwell !== '' && unwell !== leftAlone))
        leftAlone = (await act(context, stack, options)) ? '' : unwell;
      if (unwell === '') leftAlone = '';
    } catch (error) {
      // A broken qbtc.yaml, a full disk, another qbtc at work: said, and looked at again.
      if (end.aborted) break;
      onEvent({ event: 'could-not', reason: messageOf(error) });
    }
    collectGarbage();
    await changes.orAfter(every * 1000);
  }
  changes.close();
}

/** Changes when what the stack was read from does. */
async function markOf({ file, root, includedFiles, topologyFiles }: Stack): Promise<string> {
  const files = [file, statePath(root, 'secrets'), ...includedFiles, ...topologyFiles];
  const times = await Promise.all(
    files.map((each) =>
      stat(each).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return times.join();
}

/** What is not well, and still is not a moment later. */
async function unwellTwice(
  context: Context,
  stack: Stack,
  onEvent: WatchOptions['onEvent'],
): Promise<string[]> {
  const first = await unwellParts(context, stack);
  if (first.length === 0) return [];
  await context.clock.sleep(SECOND_LOOK_MS, context.interrupted);
  const second = await unwellParts(context, stack);
  const both = second.filter((name) => first.includes(name));
  if (both.length > 0) onEvent({ event: 'looked', unwell: both });
  return both;
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

/** What is done about a stood-in gateway or a lost supervisor does not hang on the score. */
const WHATEVER_THE_SCORE: readonly ProblemKind[] = ['stood-in-for', 'unsupervised'];

/**
 * Looks with all that heal knows, and heals where the score asks for it: each in a process of its own, so that a watch
 * that has nothing to do does not hold for days what it would do it with.
 *
 * @returns whether it healed
 */
async function act(
  context: Context,
  stack: Stack,
  { below, onEvent, timeoutMs }: WatchOptions,
): Promise<boolean> {
  const { before, planned } = await healInside(context, stack, ['--dry-run']);
  const doable = planned.filter(({ blocked }) => blocked === undefined);
  const urgent = doable.some(({ problem }) => WHATEVER_THE_SCORE.includes(problem.kind));
  const acts = doable.length > 0 && (before < below || urgent);
  onEvent({ event: 'scored', score: before, below, problems: planned.length, acts });
  if (!acts) return false;
  const seconds = String(Math.ceil(timeoutMs / 1000));
  onEvent({ event: 'healed', result: await healInside(context, stack, ['--timeout', seconds]) });
  return true;
}

async function healInside(
  { exec, installation, interrupted }: Context,
  { root }: Stack,
  args: readonly string[],
): Promise<HealResult> {
  const program = join(installation.root, 'bin', 'qbtc.js');
  const { stdout, stderr } = await exec(process.execPath, [program, 'heal', '--json', ...args], {
    cwd: root,
    signal: interrupted,
  });
  interrupted.throwIfAborted();
  const document = JSON.parse(stdout === '' ? '{}' : stdout) as Partial<HealResult> & {
    error?: { message: string };
  };
  if (document.planned !== undefined) return document as HealResult;
  throw new Error(document.error?.message ?? stderr.trim());
}

/** Wakes when the supervisor writes its state. */
class Changes {
  readonly #watcher: ReturnType<typeof watch> | undefined;
  readonly #end: AbortSignal;
  #wake = new AbortController();

  constructor(root: string, end: AbortSignal) {
    this.#end = end;
    try {
      this.#watcher = watch(stateFolder(root), (_, name) => {
        if (name === basename(statePath(root, 'supervisor'))) this.#wake.abort();
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
