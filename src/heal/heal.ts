import type { Context } from '../context.ts';
import { messageOf, QbtcError } from '../errors.ts';
import { reopenStack } from '../lifecycle/open.ts';
import type { HealResult, Problem, RemedyName, Repair, RepairOutcome } from '../model/heal.ts';
import type { ResourceObservation } from '../model/observation.ts';
import type { Stack } from '../model/stack.ts';
import { observeResources } from '../observe/resources.ts';
import { serviceOf } from '../score/index.ts';
import {
  type AttemptBook,
  keyOf,
  quarantine,
  readAttempts,
  settled,
  spent,
  tried,
  writeAttempts,
} from './attempts.ts';
import { interruptedRepair, record } from './audit.ts';
import { diagnose } from './diagnose.ts';
import { planRepairs } from './plan.ts';
import { REMEDIES } from './registry.ts';
import { lookAtWorld, type World } from './world.ts';

export interface HealOptions {
  /** Says what would be done, and does nothing. */
  dryRun: boolean;
  /** Forgets what was tried before, quarantines too. */
  retry: boolean;
  /** How long each part may take until it is ready. */
  timeoutMs: number;
  /** Told as each repair begins and ends. */
  onRepair?: (repair: Repair, outcome?: RepairOutcome) => void;
}

/** A stack whose every part is broken in a way of its own needs a round for each level of its dependencies. */
const MAX_ROUNDS = 12;
/** The clients of the runtime try again every 10 seconds at the latest. */
const SETTLE_MS = 12_000;
const SETTLE_POLL_MS = 250;
/** What does not run does not come back by itself. */
const COMING_BACK: ReadonlySet<ResourceObservation['state']> = new Set(['starting', 'unhealthy']);
/** How often, and after which pause, a flow may fail before anything is done about it. */
const SECOND_LOOKS = 3;
const FAILING_PAUSE_MS = 2_000;

/**
 * Observes, diagnoses, plans, applies, and proves, until nothing is wrong that a remedy of ours can mend: each round
 * begins with a new snapshot, which is the proof of the round before. What did not help is tried again with growing
 * pauses, and quarantined when its attempts are spent.
 *
 * @throws what `observe` throws; the reason of an interruption, what was done until then is in the audit trail
 */
export async function heal(context: Context, stack: Stack, options: HealOptions): Promise<HealResult> {
  return new Healing(context, stack, options).run();
}

interface Seen {
  world: World;
  problems: Problem[];
}

/** It answers, and says that something it needs was away a moment ago; or a flow passed it too early. */
function mayPass({ kind, status }: Problem): boolean {
  return kind === 'failing' || (kind === 'not-answering' && status === 503);
}

class Healing {
  readonly #context: Context;
  #stack: Stack;
  readonly #options: HealOptions;
  readonly #outcomes: RepairOutcome[] = [];
  #attempts: AttemptBook = {};

  constructor(context: Context, stack: Stack, options: HealOptions) {
    this.#context = context;
    this.#stack = stack;
    this.#options = options;
  }

  async run(): Promise<HealResult> {
    const { clock } = this.#context;
    const { dryRun, retry } = this.#options;
    const begun = clock.monotonic();
    const interrupted = await interruptedRepair(this.#stack.root);
    this.#attempts = retry ? {} : await readAttempts(this.#stack.root);
    const first = await this.#look('always');
    const seen = dryRun ? first : await this.#mend(await this.#lookAgain(first));
    const { flows } = seen.world.snapshot;
    return {
      stack: this.#stack.name,
      before: first.world.score.adjusted,
      ...(dryRun ? {} : { after: seen.world.score.adjusted }),
      planned: dryRun ? this.#plan(seen) : [],
      outcomes: this.#outcomes,
      left: seen.problems,
      proof: flows.measured ? flows.value.map(({ name, status }) => ({ flow: name, status })) : [],
      ...(interrupted === undefined
        ? {}
        : { interrupted: `${interrupted.remedy} of ${interrupted.subject}` }),
      durationMs: clock.monotonic() - begun,
    };
  }

  async #look(flows: 'always' | 'when well'): Promise<Seen> {
    const world = await lookAtWorld(this.#context, this.#stack, flows);
    return { world, problems: diagnose(world, this.#stack) };
  }

  /** What may be about to be well by itself is given its time. */
  async #lookAgain(first: Seen): Promise<Seen> {
    let seen = first;
    for (let look = 0; look < SECOND_LOOKS && seen.problems.some(mayPass); look += 1) {
      await this.#settle(seen.problems.filter(mayPass));
      if (seen.problems.some(({ kind }) => kind === 'failing'))
        await this.#context.clock.sleep(FAILING_PAUSE_MS, this.#context.interrupted);
      seen = await this.#look('when well');
    }
    return seen;
  }

  /** Round after round, until nothing is left that can be done. */
  async #mend(first: Seen): Promise<Seen> {
    let seen = first;
    await this.#write({
      event: 'looked',
      score: seen.world.score.adjusted,
      said: `${seen.problems.length} problems`,
    });
    // What somebody has mended by hand meanwhile is no longer given up.
    this.#attempts = settled(this.#attempts, new Set(seen.problems.map(({ subject }) => subject)));
    await writeAttempts(this.#stack.root, this.#attempts);
    let planned = this.#plan(seen);
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const doable = planned.filter(
        ({ blocked, problem }) => blocked === undefined && !this.#justStoodIn(problem),
      );
      if (doable.length === 0) break;
      const made = await this.#round(doable, seen.world);
      await this.#settle(made.map(({ repair }) => repair.problem));
      seen = await this.#look('when well');
      // Who has just come back may still be looking for its own.
      if (seen.problems.every(mayPass)) seen = await this.#lookAgain(seen);
      await this.#judge(seen);
      planned = this.#plan(seen);
    }
    for (const repair of planned)
      if (repair.blocked !== undefined)
        this.#outcomes.push({ repair, status: 'blocked', said: repair.blocked, tookMs: 0 });
    return seen.world.snapshot.flows.measured ? seen : this.#look('always');
  }

  #plan({ problems, world }: Seen): Repair[] {
    const now = this.#context.clock.now();
    return planRepairs(problems, world, this.#stack, {
      attempts: this.#attempts,
      now,
      random: Math.random(),
    });
  }

  /** Makes the repairs; returns those that did not fail. */
  async #round(repairs: readonly Repair[], world: World): Promise<RepairOutcome[]> {
    const made: RepairOutcome[] = [];
    for (const repair of repairs) {
      const { remedy, problem, waitMs = 0 } = repair;
      if (remedy === undefined) continue;
      this.#options.onRepair?.(repair);
      if (waitMs > 0) await this.#context.clock.sleep(waitMs, this.#context.interrupted);
      const outcome = await this.#apply(repair, remedy, problem, world);
      this.#outcomes.push(outcome);
      if (outcome.status !== 'failed') made.push(outcome);
      this.#options.onRepair?.(repair, outcome);
      // With the passwords from before, the next repair would undo this one.
      this.#stack = await reopenStack(this.#context, this.#stack);
    }
    return made;
  }

  /**
   * Those that were not well because of what was mended reconnect by themselves: they are given their time before
   * anything is said of them.
   */
  async #settle(problems: readonly Problem[]): Promise<void> {
    const { clock, interrupted } = this.#context;
    const waitedFor = new Set(problems.flatMap(({ subject, victims }) => [subject, ...victims]));
    const deadline = clock.monotonic() + SETTLE_MS;
    while (clock.monotonic() < deadline) {
      const { resources } = await observeResources(this.#context, this.#stack);
      const unwell = resources.some(
        ({ name, state, standsIn }) =>
          COMING_BACK.has(state) &&
          standsIn !== true &&
          waitedFor.has(serviceOf(this.#stack, name)?.name ?? name),
      );
      if (!unwell) return;
      await clock.sleep(SETTLE_POLL_MS, interrupted);
    }
  }

  async #apply(repair: Repair, remedy: RemedyName, problem: Problem, world: World): Promise<RepairOutcome> {
    const { clock, interrupted } = this.#context;
    const about = { remedy, subject: problem.subject, problem: problem.kind };
    // Before it is begun: a healer that is killed in it must not try for ever.
    this.#attempts = tried(this.#attempts, keyOf(remedy, problem.subject), clock.now());
    await writeAttempts(this.#stack.root, this.#attempts);
    await this.#write({ event: 'began', ...about, said: problem.reason });
    const begun = clock.monotonic();
    const { timeoutMs } = this.#options;
    try {
      const around = { context: this.#context, stack: this.#stack, world, timeoutMs };
      const said = await REMEDIES[remedy].apply(around, problem);
      await this.#write({ event: 'did', ...about, said });
      return { repair, status: 'unproven', said, tookMs: clock.monotonic() - begun };
    } catch (error) {
      const said = messageOf(error);
      await this.#write({ event: 'failed', ...about, said });
      interrupted.throwIfAborted();
      // Somebody else is changing the stack: that was no attempt.
      if (error instanceof QbtcError && error.code === 'LOCKED') throw error;
      return { repair, status: 'failed', said, tookMs: clock.monotonic() - begun };
    }
  }

  /** The new snapshot is the proof: what is well now was helped, and what is not was not. */
  async #judge({ problems, world }: Seen): Promise<void> {
    for (const outcome of this.#outcomes) {
      const { remedy, problem } = outcome.repair;
      if (outcome.status !== 'unproven' || remedy === undefined) continue;
      const about = { remedy, subject: problem.subject, problem: problem.kind };
      // To be stood in for is what the fallback is to bring about.
      const wanted = remedy === 'fallback-gateway' ? 'stood-in-for' : undefined;
      const stillThere = problems.some(({ subject, kind }) => subject === problem.subject && kind !== wanted);
      outcome.status = stillThere ? 'did-not-help' : 'helped';
      await this.#write({ event: outcome.status, ...about, score: world.score.adjusted });
    }
    this.#attempts = settled(this.#attempts, new Set(problems.map(({ subject }) => subject)));
    await this.#giveUp(problems);
    await writeAttempts(this.#stack.root, this.#attempts);
  }

  /** Quarantines what has spent its attempts and is still not well. */
  async #giveUp(problems: readonly Problem[]): Promise<void> {
    const now = this.#context.clock.now();
    for (const { subject, kind } of problems) {
      for (const outcome of this.#outcomes.toReversed()) {
        const { remedy, problem } = outcome.repair;
        if (remedy === undefined || problem.subject !== subject) continue;
        const key = keyOf(remedy, subject);
        const most = REMEDIES[remedy].attempts?.(problem, this.#stack) ?? this.#stack.heal.attempts;
        const attempts = this.#attempts[key];
        const why = spent(attempts, most, now);
        if (attempts?.quarantined !== undefined || why === undefined) continue;
        const reason = `${why}; last: ${outcome.said}`;
        this.#attempts = quarantine(this.#attempts, key, reason);
        await this.#write({ event: 'quarantined', remedy, subject, problem: kind, said: reason });
      }
    }
  }

  /** Who has just been stood in for because it did not start is not to be started at once. */
  #justStoodIn({ kind, subject }: Problem): boolean {
    return (
      kind === 'stood-in-for' &&
      this.#outcomes.some(
        ({ repair }) => repair.remedy === 'fallback-gateway' && repair.problem.subject === subject,
      )
    );
  }

  #write(entry: Parameters<typeof record>[2]): Promise<void> {
    return record(this.#context, this.#stack.root, entry);
  }
}
