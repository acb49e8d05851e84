import { type createRedisCommandExecutor, type RedisClientSession, RedisResult } from 'js-redis-server/core';
import type { Memory } from './memory.ts';

type Options = NonNullable<Parameters<typeof createRedisCommandExecutor>[0]>;
type ExecutionPolicy = NonNullable<Options['policies']>[number];

const OUT_OF_MEMORY = "command not allowed when used memory > 'maxmemory'.";

/** Commands whose own commands are judged by the memory that there was when they began, so that none stops half-way. */
export const SCRIPTS: ReadonlySet<string> = new Set([
  'eval',
  'evalsha',
  'fcall',
  'eval_ro',
  'evalsha_ro',
  'fcall_ro',
]);

/** Commands that may take memory, as Redis has them, without the library's flag for it. */
const TAKE_MEMORY_TOO: ReadonlySet<string> = new Set([
  ...['incr', 'decr', 'incrby', 'decrby', 'incrbyfloat', 'hincrby', 'hincrbyfloat', 'zincrby'],
  ...['copy', 'lset', 'blmove', 'zrangestore', 'xsetid'],
]);

/** Whether a command is refused where there is no room. */
export function takesMemory({ name, flags }: { name: string; flags: readonly string[] }): boolean {
  return flags.includes('denyoom') || TAKE_MEMORY_TOO.has(name);
}

/** What scripts that run have found. */
export interface ScriptState {
  /** `undefined` while none runs. */
  isDenied: boolean | undefined;
}

/** Makes room before each command, and refuses those that would take more where there is none. */
export function memoryPolicy(memory: Memory, script: ScriptState): ExecutionPolicy {
  /** Those whose transaction holds such a command. */
  const asking = new WeakSet<RedisClientSession>();
  return {
    name: 'memory',
    beforeExecute(plan, { session, transactionReplay = false }) {
      const { name } = plan.definition;
      const isQueued =
        session.mode === 'transaction' && !transactionReplay && !plan.flags.includes('transaction');
      if (!isQueued && plan.keys.length > 0)
        memory.use(plan.keys, {
          reads: plan.flags.includes('readonly') && !plan.flags.includes('transaction'),
        });
      // What was queued was judged then, and at EXEC as a whole.
      if (transactionReplay) return undefined;
      if (name === 'multi' || name === 'discard') asking.delete(session);
      const isDenied = script.isDenied ?? !memory.makeRoom();
      const takes = takesMemory(plan.definition);
      if (name === 'exec') {
        const asked = asking.delete(session);
        if (!isDenied || !asked || session.isTransactionDirty()) return undefined;
        session.discardTransaction();
        return RedisResult.error(`Transaction discarded because of: OOM ${OUT_OF_MEMORY}`, 'EXECABORT');
      }
      // What is queued is kept until then: a transaction grows by what only reads, too.
      if ((takes || isQueued) && isDenied) return RedisResult.error(OUT_OF_MEMORY, 'OOM');
      if (takes && isQueued) asking.add(session);
      return undefined;
    },
  };
}
