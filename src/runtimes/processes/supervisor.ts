import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { isGroupAlive, livingOf, stillLives } from '../../alive.ts';
import type { Clock, Host } from '../../context.ts';
import { messageOf } from '../../errors.ts';
import { type Belonging, carry, PROCESS_VARIABLE } from './carried.ts';
import { openLog } from './open-log.ts';
import type { ProcessSpec, ProcessStatus } from './protocol.ts';
import { isReady } from './ready-check.ts';
import { RESTART_BUDGET, RestartPolicy } from './restart-policy.ts';
import { signal } from './signal.ts';
import { Strays } from './strays.ts';

/** How often a process that was restarted is asked whether it is ready, and how long a dependant waits for it. */
const READY_POLL_MS = 250;
const DEPENDENCY_WAIT_MS = 60_000;
/** How often a process is looked at that an earlier supervisor started and that we therefore cannot wait for. */
const ADOPTED_POLL_MS = 500;
const GROUP_POLL_MS = 20;

interface Entry {
  status: ProcessStatus;
  /** Absent for an adopted process until `ensure` brings it: without it a crash cannot be answered. */
  spec?: ProcessSpec;
  /** Settles when the present process has ended. */
  ended: Promise<void>;
  policy: RestartPolicy;
  /** False from a crash until it answers again. */
  ready: boolean;
  restartTimer?: NodeJS.Timeout;
}

export interface SupervisorOptions {
  /** Whose the processes are: they carry it in their environment. */
  belonging?: Belonging;
  host: Host;
  clock: Clock;
  /** Called after each change, with all processes. */
  onChange: (processes: ProcessStatus[]) => void;
}

/** Nothing can be started any more. */
export class SupervisorClosing extends Error {
  override readonly message = 'the supervisor is shutting down';
}

/**
 * Runs processes, each in a group of its own, so that neither the terminal's Ctrl-C nor our own death ends them.
 * Their output goes straight to files: nothing is lost when the supervisor dies. What is asked of one process is done
 * in the order in which it was asked, restarts included.
 */
export class Supervisor {
  readonly #entries = new Map<string, Entry>();
  /** The end of what was asked of each process so far. */
  readonly #queues = new Map<string, Promise<unknown>>();
  readonly #options: SupervisorOptions;
  #closing = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Whether everything is being ended: nothing can be started any more. */
  get closing(): boolean {
    return this.#closing;
  }

  list(): ProcessStatus[] {
    return [...this.#entries.values()].map((entry) => ({ ...entry.status }));
  }

  /** Takes over what an earlier supervisor started and what is still the same process. */
  async adopt(processes: readonly ProcessStatus[]): Promise<void> {
    for (const status of await livingOf(this.#options.host, processes)) {
      const entry: Entry = {
        status: { ...status, state: 'running', reason: 'adopted', kept: false },
        ended: this.#waitForStranger(status),
        policy: new RestartPolicy(),
        ready: true,
      };
      this.#entries.set(status.name, entry);
      void entry.ended.then(() => this.#onEnd(entry, 'ended'));
    }
    this.#changed();
  }

  /**
   * Sees to it that this very process runs: one that is the same is left alone, another of the same name is ended
   * first. Resolves when it is there, not when it is ready.
   */
  ensure(spec: ProcessSpec): Promise<void> {
    return this.#inOrder(spec.name, async () => {
      if (this.#closing) throw new SupervisorClosing();
      const before = this.#entries.get(spec.name);
      if (before?.status.pid !== undefined) {
        if (before.status.fingerprint === spec.fingerprint) {
          before.spec = spec;
          return;
        }
        await this.#end(before);
      }
      clearTimeout(before?.restartTimer);
      const entry: Entry = {
        spec,
        status: initialStatus(spec),
        ended: Promise.resolve(),
        policy: new RestartPolicy(),
        ready: false,
      };
      this.#entries.set(spec.name, entry);
      await this.#launch(entry, spec);
    });
  }

  /** From now on a crash of this process is answered with a restart. */
  keep(name: string): void {
    const entry = this.#entry(name);
    entry.status.kept = true;
    // Who asks for it has seen it ready.
    entry.ready = true;
    this.#changed();
  }

  /** Ends a process, its children too; resolves when it is gone. A process that has ended stays so. */
  stop(name: string): Promise<void> {
    return this.#inOrder(name, () => this.#end(this.#entry(name)));
  }

  /** Stops everything, dependants before what they depend on; nothing can be started any more. */
  async stopAll(onStopped: (name: string) => void): Promise<void> {
    this.#closing = true;
    const remaining = new Map([...this.#entries].map(([name, entry]) => [name, entry.status.dependsOn]));
    while (remaining.size > 0) {
      const needed = new Set([...remaining.values()].flat());
      const free = [...remaining.keys()].filter((name) => !needed.has(name));
      // A cycle cannot be started, but a damaged state must not keep us here for ever.
      const wave = free.length > 0 ? free : [...remaining.keys()];
      await Promise.all(
        wave.map(async (name) => {
          await this.stop(name);
          remaining.delete(name);
          onStopped(name);
        }),
      );
    }
  }

  #inOrder<T>(name: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#queues.get(name) ?? Promise.resolve()).then(work);
    this.#queues.set(
      name,
      done.catch(() => {}),
    );
    return done;
  }

  async #end(entry: Entry): Promise<void> {
    clearTimeout(entry.restartTimer);
    const { status } = entry;
    status.kept = false;
    const { pid } = status;
    if (pid === undefined) {
      if (status.state === 'restarting') this.#stopped(entry);
      return;
    }
    this.#set(entry, 'stopping', 'asked to end');
    // Looked up while it lives: afterwards nothing tells that they were its own.
    const strays = await Strays.of(this.#options.host, status.stopsGroup ? pid : undefined);
    if (!status.stopsGroup || !signal(-pid, status.stopSignal)) signal(pid, status.stopSignal);
    // One that was stopped (SIGSTOP) hears of it only when it goes on.
    if (!signal(-pid, 'SIGCONT')) signal(pid, 'SIGCONT');
    const { clock } = this.#options;
    const deadline = clock.monotonic() + status.stopTimeoutMs;
    const killer = setTimeout(() => signal(-pid, 'SIGKILL') || signal(pid, 'SIGKILL'), status.stopTimeoutMs);
    await entry.ended;
    clearTimeout(killer);
    await strays.signal(status.stopSignal);
    // A wrapper may end at once where its child ends in order.
    const lives = async () => isGroupAlive(pid) || (await strays.living()).length > 0;
    while ((await lives()) && clock.monotonic() < deadline) await clock.sleep(GROUP_POLL_MS);
    signal(-pid, 'SIGKILL');
    await strays.signal('SIGKILL');
  }

  async #launch(entry: Entry, spec: ProcessSpec): Promise<void> {
    const { belonging } = this.#options;
    let log: number;
    try {
      const opened = openLog(spec.logFile);
      log = opened.descriptor;
      entry.status.logFrom = opened.from;
    } catch (error) {
      this.#set(entry, 'exited', `its log cannot be written: ${messageOf(error)}`);
      return;
    }
    let child: ChildProcess;
    try {
      child = spawn(spec.program, spec.args, {
        cwd: spec.cwd,
        env: belonging === undefined ? spec.env : { ...spec.env, [PROCESS_VARIABLE]: carry(belonging, spec) },
        detached: true,
        windowsHide: true,
        stdio: ['ignore', log, log],
        ...(spec.uid === undefined ? {} : { uid: spec.uid }),
        ...(spec.gid === undefined ? {} : { gid: spec.gid }),
      });
    } catch (error) {
      this.#set(entry, 'exited', `cannot be started: ${messageOf(error)}`);
      return;
    } finally {
      closeSync(log);
    }
    entry.status.pid = child.pid;
    entry.ended = new Promise((resolve) => {
      child.once('error', (error) => {
        if (child.pid === undefined) resolve(this.#onEnd(entry, `cannot be started: ${error.message}`));
      });
      child.once('exit', (code, killedBy) => {
        resolve(this.#onEnd(entry, code === null ? `killed by ${killedBy}` : `exited with code ${code}`));
      });
    });
    if (child.pid === undefined) {
      await entry.ended;
      return;
    }
    const startTime = await this.#options.host.processStartTime(child.pid);
    // It may have ended while we looked.
    if (child.exitCode !== null || child.signalCode !== null) return;
    entry.status.startTime = startTime;
    this.#set(entry, 'running', '');
  }

  #onEnd(entry: Entry, reason: string): void {
    const { status, spec } = entry;
    const stopped = status.state === 'stopping';
    // What a crashed one may have started must not outlive it; one that was asked to end has its time.
    if (status.pid !== undefined && !stopped) signal(-status.pid, 'SIGKILL');
    status.pid = undefined;
    status.startTime = undefined;
    if (stopped) {
      this.#stopped(entry);
      return;
    }
    if (!status.kept || spec === undefined) {
      this.#set(entry, 'exited', reason);
      return;
    }
    entry.ready = false;
    const delay = entry.policy.crashed(this.#options.clock.monotonic());
    status.restarts = entry.policy.crashes;
    if (delay === undefined) {
      this.#set(entry, 'quarantined', `${reason}, after ${RESTART_BUDGET} restarts within 10 minutes`);
      return;
    }
    this.#set(entry, 'restarting', `${reason}; restart ${status.restarts} of ${RESTART_BUDGET}`);
    entry.restartTimer = setTimeout(() => void this.#restart(entry, spec), delay);
  }

  async #restart(entry: Entry, spec: ProcessSpec): Promise<void> {
    // What crashes for want of a dependency would spend its budget on it.
    await this.#dependenciesReady(entry, spec);
    return this.#inOrder(spec.name, async () => {
      // It may have been stopped, or started anew, while this waited for its turn.
      if (entry.status.state === 'restarting' && this.#entries.get(spec.name) === entry) {
        await this.#launch(entry, spec);
        void this.#watchReady(entry, spec);
      }
    });
  }

  async #dependenciesReady(entry: Entry, spec: ProcessSpec): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + DEPENDENCY_WAIT_MS;
    const comingBack = () =>
      spec.dependsOn.find((name) => {
        const needed = this.#entries.get(name);
        const state = needed?.status.state;
        return needed?.ready === false && (state === 'restarting' || state === 'running');
      });
    for (let name = comingBack(); name !== undefined; name = comingBack()) {
      if (entry.status.state !== 'restarting' || clock.monotonic() > deadline) return;
      const reason = `waits until ${name} is back`;
      if (entry.status.reason !== reason) this.#set(entry, 'restarting', reason);
      await clock.sleep(READY_POLL_MS);
    }
  }

  /** After a restart there is nobody else who asks. */
  async #watchReady(entry: Entry, spec: ProcessSpec): Promise<void> {
    const { pid } = entry.status;
    while (pid !== undefined && entry.status.pid === pid && this.#entries.get(spec.name) === entry) {
      if (spec.readyCheck === undefined || (await isReady(spec.readyCheck))) {
        if (entry.status.pid !== pid) return;
        entry.ready = true;
        entry.policy.ready();
        return;
      }
      await this.#options.clock.sleep(READY_POLL_MS);
    }
  }

  async #waitForStranger(status: ProcessStatus): Promise<void> {
    const { pid, startTime } = status;
    while (await stillLives(this.#options.host, { pid, startTime })) {
      await this.#options.clock.sleep(ADOPTED_POLL_MS);
    }
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`there is no process named ${name}`);
    return entry;
  }

  /** It does not run any more, as it was asked to. */
  #stopped(entry: Entry): void {
    entry.status.wasStopped = true;
    this.#set(entry, 'exited', 'stopped');
  }

  #set(entry: Entry, state: ProcessStatus['state'], reason: string): void {
    entry.status.state = state;
    entry.status.reason = reason;
    this.#changed();
  }

  #changed(): void {
    this.#options.onChange(this.list());
  }
}

function initialStatus(spec: ProcessSpec): ProcessStatus {
  return {
    name: spec.name,
    ...(spec.partOf === undefined ? {} : { partOf: spec.partOf }),
    pid: undefined,
    startTime: undefined,
    state: 'starting',
    reason: '',
    restarts: 0,
    kept: false,
    ports: spec.ports,
    dependsOn: spec.dependsOn,
    stopSignal: spec.stopSignal,
    stopsGroup: spec.stopsGroup,
    stopTimeoutMs: spec.stopTimeoutMs,
    fingerprint: spec.fingerprint,
  };
}
