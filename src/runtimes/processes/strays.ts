import { type KnownProcess, knownProcesses, livingOf } from '../../alive.ts';
import type { Host } from '../../context.ts';
import { familyOf } from '../../health/index.ts';
import { signal } from './signal.ts';

/** What a process has started that leads a group of its own: a signal to the group of the process does not reach it. */
export class Strays {
  readonly #host: Pick<Host, 'processStartTime'>;
  readonly #known: readonly KnownProcess[];

  private constructor(host: Pick<Host, 'processStartTime'>, known: readonly KnownProcess[]) {
    this.#host = host;
    this.#known = known;
  }

  /** Those of a process that still lives: once it has ended nothing tells that they were its own. */
  static async of(
    host: Pick<Host, 'processes' | 'processStartTime'>,
    leader: number | undefined,
  ): Promise<Strays> {
    if (leader === undefined) return new Strays(host, []);
    const all = await host.processes().catch(() => []);
    const groups = new Map(all.map(({ pid, group }) => [pid, group]));
    const pids = familyOf(all, leader).filter((pid) => pid !== leader && groups.get(pid) !== leader);
    return new Strays(host, await knownProcesses(host, pids));
  }

  /** Those that have not ended yet. */
  async living(): Promise<number[]> {
    return (await livingOf(this.#host, this.#known)).map(({ pid }) => pid);
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    for (const pid of await this.living()) {
      signal(pid, name);
      // One that was stopped (SIGSTOP) hears of it only when it goes on.
      if (name !== 'SIGKILL') signal(pid, 'SIGCONT');
    }
  }
}
