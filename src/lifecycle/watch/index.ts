import { relative } from 'node:path';
import type { Context } from '../../context.ts';
import { messageOf, QbtcError } from '../../errors.ts';
import { runFlows, subjectsOf } from '../../flow/index.ts';
import type { UpResult } from '../../model/lifecycle.ts';
import type { Stack } from '../../model/stack.ts';
import type { WatchEvent } from '../../model/watch.ts';
import type { PlacementOptions } from '../../placement/index.ts';
import { type Inspected, withInspected } from '../inspected.ts';
import { reopenStack } from '../open.ts';
import { select } from '../selection.ts';
import { up } from '../up.ts';
import { affectedBy } from './affected.ts';
import { ChangedFiles } from './changed-files.ts';
import { saidOnce } from './said-once.ts';
import { checkTypes } from './types.ts';

export interface WatchOptions {
  /** What `up` was asked for; all when empty. */
  only: readonly string[];
  /** Whether migrations, topology and routes are applied, too. */
  apply: boolean;
  timeoutMs: number;
  /** Who was to provide what: a change of something else moves nothing. */
  placement: PlacementOptions;
  /** The service that a debugger may attach to, in `opened` already. */
  inspected?: Inspected | undefined;
  /** Whether types are checked, too: what runs is left as it is while they are wrong. */
  check?: boolean | undefined;
  /** The flows with this tag are run after each change. */
  test?: string | undefined;
  onEvent(event: WatchEvent): void;
}

/** Another qbtc that changes the stack is waited for. */
const LOCKED_PAUSE_MS = 1_000;

/**
 * Goes on until it is interrupted: what is saved is built, and the services that it is in are started anew; what is
 * declared otherwise is planned and applied. What is wrong is told, and what runs is left as it is: `up` looks at all
 * that before it ends anything. A change that is being applied is brought to its end, so that nothing is left half-way.
 */
export async function watchStack(context: Context, opened: Stack, first: UpResult, options: WatchOptions) {
  const end = AbortSignal.any([context.interrupted, context.io.unread]);
  const changed = new ChangedFiles();
  try {
    let stack = opened;
    await changed.follow(foldersOf(stack));
    options.onEvent({
      event: 'watching',
      started: first.started,
      gatewayUrl: first.gatewayUrl ?? null,
      folders: changed.folders,
    });
    const inner = new Applier(quiet(context), options, end);
    while (!end.aborted) {
      const files = await changed.next(end);
      if (files.length === 0) continue;
      stack = await inner.apply(stack, files);
      await changed.follow(foldersOf(stack));
    }
  } finally {
    changed.close();
  }
  options.onEvent({ event: 'ended' });
}

const foldersOf = ({ root, services }: Stack) => [
  root,
  ...services.filter(({ url }) => url === undefined).map(({ path }) => path),
];

/** The events tell what happens; what is only to be known is told once. An interruption waits for what is under way. */
function quiet(context: Context): Context {
  const once = saidOnce(context);
  const progress = { step() {}, done() {}, failed() {}, stop() {} };
  return { ...once, interrupted: new AbortController().signal, io: { ...once.io, progress } };
}

/** Brings one change after the other to the stack. */
class Applier {
  readonly #context: Context;
  readonly #options: WatchOptions;
  readonly #end: AbortSignal;
  /** Services that could not be built or started: the next change may have mended them, whatever it is in. */
  readonly #pending = new Set<string>();
  #pendingAll = false;
  #lastRefusal = '';

  constructor(context: Context, options: WatchOptions, end: AbortSignal) {
    this.#context = context;
    this.#options = options;
    this.#end = end;
  }

  /** @returns the stack as it is declared now; as before where that cannot be read */
  async apply(before: Stack, files: readonly string[]): Promise<Stack> {
    const { clock } = this.#context;
    const { onEvent, test } = this.#options;
    const begun = clock.monotonic();
    const shown = files.map((file) => relative(before.root, file));
    let stack = before;
    try {
      const affected = await affectedBy(stack, files);
      // Written down first: where what is declared cannot be read now, what mends it may be in any file.
      for (const name of affected.services) this.#pending.add(name);
      this.#pendingAll ||= affected.declarations;
      if (this.#pendingAll) {
        stack = withInspected(await reopenStack(this.#context, stack), this.#options.inspected);
        // What is new has services of its own.
        for (const name of (await affectedBy(stack, files)).services) this.#pending.add(name);
      }
      const result = await this.#bring(stack);
      this.#lastRefusal = '';
      const changes = result.outcomes.map(({ change }) => `${change.kind} ${change.name}`);
      const durationMs = Math.round(clock.monotonic() - begun);
      const did = result.started.length > 0 || changes.length > 0;
      if (did) onEvent({ event: 'applied', files: shown, restarted: result.started, changes, durationMs });
      if (test !== undefined && (did || affected.flows)) await this.#test(stack, test);
    } catch (error) {
      this.#refuse(error, shown);
    }
    return stack;
  }

  async #bring(stack: Stack): Promise<Pick<UpResult, 'started' | 'outcomes'>> {
    const { only, timeoutMs, apply, placement } = this.#options;
    const whole = this.#pendingAll;
    const declared = select(stack, only).services.map(({ name }) => name);
    const names = [...this.#pending].filter((name) => declared.includes(name));
    if (!whole && names.length === 0) return { started: [], outcomes: [] };
    if (this.#options.check === true) await checkTypes(this.#context, stack, whole ? declared : names);
    // What a command is made of only its own tools know: it is started anew for whatever is in its folder.
    const run = async (): Promise<UpResult> =>
      whole
        ? await up(this.#context, stack, { apply, timeoutMs, placement, only, anew: names })
        : await up(this.#context, stack, {
            apply: false,
            timeoutMs,
            placement,
            only: names,
            exactly: true,
            anew: names,
          });
    const { started, outcomes } = await this.#whenFree(run);
    this.#pending.clear();
    this.#pendingAll = false;
    return { started, outcomes };
  }

  /** Waits for another qbtc until the watch is ended: then nothing has been begun. */
  async #whenFree<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof QbtcError) || error.code !== 'LOCKED' || this.#end.aborted) throw error;
        await this.#context.clock.sleep(LOCKED_PAUSE_MS, this.#end).catch(() => {});
      }
    }
  }

  async #test(stack: Stack, tag: string): Promise<void> {
    const flows = await runFlows(this.#context, stack, { subjects: subjectsOf(this.#context, stack), tag });
    const failed = flows.filter(({ status }) => status === 'failed');
    this.#options.onEvent({
      event: 'tested',
      tag,
      passed: flows.length - failed.length,
      failed: failed.map(({ name, stoppedAt }) => ({ name, reason: stoppedAt?.reason ?? 'failed' })),
    });
  }

  /** Each mistake once, however often the file is saved with it. */
  #refuse(error: unknown, files: string[]): void {
    const known = error instanceof QbtcError ? error : undefined;
    const message = known?.message ?? messageOf(error);
    const details = [...(known?.details ?? []), ...(known?.logLines ?? []).map(({ message: line }) => line)];
    const key = JSON.stringify([message, details]);
    if (key === this.#lastRefusal) return;
    this.#lastRefusal = key;
    const code = known?.code ?? 'DEFECT';
    this.#options.onEvent({ event: 'refused', files, code, message, details, hint: known?.hint ?? null });
  }
}
