import { brokerAccess } from '../../broker/access.ts';
import { onBroker } from '../../broker/connection.ts';
import { ManagementApi } from '../../broker/management.ts';
import { nearest } from '../../config/mistake.ts';
import type { AmqpConnection, Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { ChangeOutcome } from '../../model/plan.ts';
import type { Stack } from '../../model/stack.ts';
import type { MigrationReport, Queue } from '../../model/topology.ts';
import { carryOut } from '../../reconcile/carry-out.ts';
import { CLIENT } from '../amqp.ts';
import { type Desired, desiredOf } from '../desired.ts';
import { observe } from '../management/observe.ts';
import { perform } from '../management/perform.ts';
import { planChanges, type TopologyTarget } from '../plan/index.ts';
import { queueStep } from '../plan/step.ts';
import { type Batch, holdingQueue, type Journal, type JournalFile, journalFile } from './journal.ts';
import { bringBack, type Move, moveAll, setAside } from './move.ts';
import { consumersOf, usersOf } from './participants.ts';

/** What a migration needs besides the broker. */
export interface MigrationSurroundings {
  /** Those of these services of the stack that run. */
  running(services: readonly string[]): Promise<string[]>;
  /** Ends these services of the stack; resolves once they are gone. */
  pause(services: readonly string[]): Promise<void>;
  /** Starts them again. */
  resume(services: readonly string[]): Promise<void>;
  /** Does the work while nobody else changes the stack. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Called as messages move: what is being done, and how many have moved in this step so far. */
  onProgress?(doing: 'aside' | 'back', moved: number): void;
}

/** How often messages may come in between before the others are asked to stop writing. */
const ROUNDS = 3;
const CLOSE_WAIT_MS = 2_000;

/**
 * Gives a queue the type and arguments that the topology declares, without losing a message or the order: they go into a
 * holding queue, the queue is made anew, they come back, and it is bound again. A run that was killed at any moment is
 * continued by the next one.
 *
 * @throws QbtcError `QUEUE_NOT_DECLARED`, `QUEUE_MISSING`, `QUEUE_IN_USE` when others than the stack's services consume
 *   or write, `BROKER_NOT_MANAGED` without a management API, and the errors of the broker. No message is lost then.
 */
export async function migrateQueue(
  context: Pick<Context, 'http' | 'clock' | 'interrupted' | 'amqp'>,
  stack: Stack,
  name: string,
  surroundings: MigrationSurroundings,
): Promise<MigrationReport> {
  const desired = await desiredOf(stack);
  const queue = declaredQueue(desired, name);
  const access = brokerAccess(stack);
  if (access.management === undefined) {
    throw new QbtcError('BROKER_NOT_MANAGED', `${access.resource} has no management API`, {
      hint: 'it takes one to see what a queue is and who uses it: give the resource its management_url',
    });
  }
  const api = new ManagementApi(context, access.management);
  const journal = journalFile(stack.root, name);
  const earlier = await journal.read();
  if (earlier === undefined && !(await needsMigration(api, desired, access.vhost, name))) {
    const there = await onBroker(context, access, CLIENT, (connection) => connection.inspectQueue(name));
    if (there === undefined) {
      throw new QbtcError('QUEUE_MISSING', `the broker has no queue ${name}`, {
        hint: 'qbtc topology apply',
      });
    }
    return { queue: name, migrated: false, messages: there.messages, paused: [], outcomes: [] };
  }

  const services = earlier?.paused ?? (await surroundings.running(usersOf(stack, desired.topology, name)));
  let state: Journal = earlier ?? { version: 1, queue: name, phase: 'aside', paused: services };
  await journal.write(state);
  await surroundings.pause(services);

  const done = await surroundings.exclusively(() =>
    onBroker(context, access, CLIENT, async (connection) => {
      await assertNobodyConsumes(api, connection, context, name);
      const steps = new Steps(context, { api, connection, journal, desired, queue, surroundings });
      const outcomes: ChangeOutcome[] = [];
      if (state.phase === 'aside') state = await steps.aside(state);
      if (state.phase === 'replace') state = await steps.replace(state, outcomes);
      if (state.phase === 'back') state = await steps.back(state, outcomes);
      await steps.clean();
      return { outcomes, messages: (await connection.inspectQueue(name))?.messages ?? 0 };
    }),
  );
  // Until they run again the journal says who was paused: a kill in between leaves nobody stopped for good.
  await surroundings.resume(services);
  await journal.remove();
  return { queue: name, migrated: true, paused: services, ...done };
}

interface Surroundings {
  api: ManagementApi;
  connection: AmqpConnection;
  journal: JournalFile;
  desired: Desired;
  queue: Queue;
  surroundings: MigrationSurroundings;
}

/** The steps, each of which can be begun again where an earlier run was killed in it. */
class Steps {
  readonly #context: Pick<Context, 'interrupted'>;
  readonly #with: Surroundings;
  readonly #holding: string;

  constructor(context: Pick<Context, 'interrupted'>, surroundings: Surroundings) {
    this.#context = context;
    this.#with = surroundings;
    this.#holding = holdingQueue(surroundings.queue.name);
  }

  /** Every message into the holding queue. */
  async aside(state: Journal): Promise<Journal> {
    const { connection, journal, queue } = this.#with;
    await connection.declareQueue({
      name: this.#holding,
      durable: true,
      auto_delete: false,
      arguments: { 'x-queue-type': 'quorum' },
    });
    await this.#fanout('aside', this.#holding);
    await this.#move(state, queue.name, this.#holding, setAside);
    const next: Journal = { version: 1, queue: queue.name, phase: 'replace', paused: state.paused };
    await journal.write(next);
    return next;
  }

  /** The empty queue goes, and comes back as it is declared, not bound to anything yet. */
  async replace(state: Journal, outcomes: ChangeOutcome[]): Promise<Journal> {
    const { connection, journal, queue } = this.#with;
    for (let round = 1; ; round += 1) {
      try {
        await this.#perform({ kind: 'queue-gone', name: queue.name, unlessUsed: true });
        break;
      } catch (error) {
        const left = await connection.inspectQueue(queue.name);
        if (left === undefined) break;
        if (left.consumers > 0 || left.messages === 0) throw error;
        if (round === ROUNDS) throw stillWritten(queue.name, this.#holding);
        // Somebody has written in between: those messages come after the ones that wait.
        await this.#move({ ...state, phase: 'aside' }, queue.name, this.#holding, setAside);
        await journal.write(state);
      }
    }
    await connection.declareQueue(queue);
    outcomes.push({
      change: { action: 'update', kind: 'queue', name: queue.name, reason: 'migrated' },
      status: 'done',
    });
    const next: Journal = { version: 1, queue: queue.name, phase: 'back', paused: state.paused };
    await journal.write(next);
    return next;
  }

  /** The messages come back before anything new can get in; then the queue is bound again. */
  async back(state: Journal, outcomes: ChangeOutcome[]): Promise<Journal> {
    const { api, journal, desired, queue } = this.#with;
    await this.#fanout('back', queue.name);
    await this.#move(state, this.#holding, queue.name, bringBack);
    const observed = await observe(api, { accounts: [], limits: false });
    const { steps } = planChanges({ ...desired, accounts: [] }, observed, { vhost: api.access.vhost });
    const dependent = steps.filter(
      ({ target, change }) =>
        change.blocked === undefined &&
        ((target.kind === 'binding' && target.binding.destination === queue.name) ||
          target.kind === 'policy-gone'),
    );
    outcomes.push(
      ...(await carryOut(dependent, ({ target }) => this.#perform(target), {
        concurrency: 4,
        signal: this.#context.interrupted,
      })),
    );
    const failed = outcomes.find(({ status }) => status !== 'done');
    if (failed !== undefined) {
      throw new QbtcError(
        'NOT_ALL_APPLIED',
        `${failed.change.kind} ${failed.change.name}: ${failed.reason ?? failed.status}`,
        { hint: `every message is in ${queue.name}; run the same command again to go on` },
      );
    }
    const next: Journal = { version: 1, queue: queue.name, phase: 'clean', paused: state.paused };
    await journal.write(next);
    return next;
  }

  async clean(): Promise<void> {
    for (const way of ['aside', 'back'] as const)
      await this.#perform({ kind: 'exchange-gone', name: `${this.#holding}.${way}` });
    await this.#perform({ kind: 'queue-gone', name: this.#holding, unlessUsed: true });
  }

  #perform(target: TopologyTarget): Promise<void> {
    const { api, connection } = this.#with;
    return perform(api, target, (name) => connection.inspectQueue(name));
  }

  async #fanout(way: 'aside' | 'back', destination: string): Promise<void> {
    const { connection } = this.#with;
    const name = `${this.#holding}.${way}`;
    await connection.declareExchange({
      name,
      type: 'fanout',
      durable: true,
      auto_delete: false,
      internal: false,
      arguments: {},
    });
    await connection.bind({
      source: name,
      destination,
      destination_type: 'queue',
      routing_key: '',
      arguments: {},
    });
  }

  async #move(state: Journal, source: string, target: string, change: Move['change']): Promise<void> {
    const { connection, journal, queue, surroundings } = this.#with;
    const way = target === queue.name ? 'back' : 'aside';
    let moved = 0;
    await moveAll(connection, {
      source,
      target,
      through: `${this.#holding}.${way}`,
      change,
      interrupted: state.batch,
      note: (batch: Batch) => journal.write({ ...state, phase: way, batch }),
      onMoved(count) {
        moved += count;
        surroundings.onProgress?.(way, moved);
      },
      signal: this.#context.interrupted,
    });
  }
}

function declaredQueue({ topology }: Desired, name: string): Queue {
  const queue = topology.queues.find((each) => each.name === name);
  if (queue !== undefined) return queue;
  const near = nearest(
    name,
    topology.queues.map((each) => each.name),
  );
  throw new QbtcError('QUEUE_NOT_DECLARED', `the topology declares no queue ${name}`, {
    hint: near === undefined ? 'declare what it shall become in the topology file' : `did you mean ${near}?`,
  });
}

async function needsMigration(
  api: ManagementApi,
  desired: Desired,
  vhost: string,
  name: string,
): Promise<boolean> {
  const observed = await observe(api, { accounts: [], limits: false });
  const { steps } = planChanges({ ...desired, accounts: [] }, observed, { vhost });
  return steps.some(({ id, change }) => id === queueStep(name) && change.needsMigration === true);
}

/** Whoever has just been ended may be counted for a moment longer. */
async function assertNobodyConsumes(
  api: ManagementApi,
  connection: AmqpConnection,
  { clock, interrupted }: Pick<Context, 'clock' | 'interrupted'>,
  name: string,
): Promise<void> {
  const end = clock.monotonic() + CLOSE_WAIT_MS;
  for (;;) {
    const count = (await connection.inspectQueue(name))?.consumers ?? 0;
    if (count === 0) return;
    if (clock.monotonic() > end) {
      const names = await consumersOf(api, name);
      const who = names.length === 0 ? `${count} others` : names.join(', ');
      throw new QbtcError('QUEUE_IN_USE', `${name} is consumed by ${who}`, {
        hint: 'they are no services of this stack: stop them, and run the same command again',
      });
    }
    await clock.sleep(200, interrupted);
  }
}

function stillWritten(queue: string, holding: string): QbtcError {
  return new QbtcError('QUEUE_IN_USE', `somebody still writes to ${queue}`, {
    hint: `stop it, and run the same command again; until then the messages wait in ${holding}, in order`,
  });
}
