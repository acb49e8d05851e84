import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startTimeOf } from '../../src/alive.ts';
import { readState } from '../../src/runtimes/processes/state.ts';
import { editStack, newCoreStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';
import { type Answered, ask, counted, rowsByRequest } from './chat-requests.ts';

/** `KILLS=200` for the long run. */
const KILLS = Number(process.env.KILLS ?? 24);
/** The supervisor gives a part up that ends again and again; `up` starts it anew. */
const KILLS_BETWEEN_STARTS = 8;
const IN_FLIGHT = 16;
const DEADLINE_MS = 6_000;
const PARTS = ['quantum-core-1', 'quantum-core-2', 'database', 'broker'];

/** Kills one of the parts that live, whichever, with all that it has started; answers with its name. */
async function killOne(root: string): Promise<string> {
  for (;;) {
    const { processes = [] } = (await readState(root)) ?? {};
    // What has ended by now may have left its number to somebody else.
    const living = processes.flatMap(({ name, pid, startTime }) =>
      PARTS.includes(name) && pid !== undefined && startTimeOf(pid) === startTime ? [{ name, pid }] : [],
    );
    const one = living[Math.floor(Math.random() * living.length)];
    if (one !== undefined) {
      try {
        process.kill(-one.pid, 'SIGKILL');
        return one.name;
      } catch (error) {
        // It had ended between the two looks: that was no kill.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    await sleep(50);
  }
}

test(
  `${KILLS} kills of cores, database and broker under load: what was answered is stored, and nothing twice`,
  async () => {
    const [root, takeDown] = await newCoreStack('kills');
    try {
      await editStack(root, (file) => {
        file.setIn(['services', 'llm-api', 'env', 'LLM_DEADLINE_MS'], String(DEADLINE_MS));
        file.setIn(['services', 'quantum-core', 'replicas'], 2);
        // Next to the port of quantum-core stands that of its second instance.
        file.setIn(['services', 'llm-api', 'port'], 8010);
      });
      // What was killed just before may end once more as it starts (a database whose old processes are still there): `up`
      // says so, and the next one finds it whole.
      const bringUp = async () => {
        for (let tries = 1; ; tries += 1) {
          const up = await qbtc(['up', '--strategy', 'fallback', '--timeout', '120'], root);
          if (up.code === 0) return;
          if (tries === 5) expect(up.code, up.stderr).toBe(0);
        }
      };
      await bringUp();
      const stack = await openStackAt(root);

      const answers: Answered[] = [];
      const killed = new Map<string, number>();
      let isOver = false;
      const killAll = async () => {
        try {
          for (let count = 1; count <= KILLS; count += 1) {
            await sleep(Math.random() * 700);
            const name = await killOne(root);
            killed.set(name, (killed.get(name) ?? 0) + 1);
            if (count % KILLS_BETWEEN_STARTS === 0) await bringUp();
          }
        } finally {
          isOver = true;
        }
      };
      let next = 0;
      const client = async () => {
        while (!isOver) {
          next += 1;
          const answered = await ask(stack, next);
          answers.push(answered);
          await sleep(answered.status === 200 ? 10 : 100);
        }
      };
      await Promise.all([killAll(), ...Array.from({ length: IN_FLIGHT }, client)]);
      await bringUp();
      const again = async () => {
        next += 1;
        return (await ask(stack, next)).status;
      };
      await expect.poll(again, { timeout: 60_000 }).toBe(200);

      const kills = [...killed].map(([name, count]) => `${name} ${count}`).join(', ');
      process.stdout.write(`${answers.length} requests, ${counted(answers)}; killed: ${kills}\n`);
      // An answer of somebody else would be -1, a broken connection 0.
      expect(answers.filter(({ status }) => ![200, 500, 502, 503, 504].includes(status))).toEqual([]);
      const answered = answers.filter(({ status }) => status === 200);
      expect(answered.length).toBeGreaterThan(KILLS);
      const rows = await rowsByRequest(stack);
      expect(answered.filter(({ id }) => !rows.has(id))).toEqual([]);
      expect([...rows].filter(([, count]) => count > 1)).toEqual([]);
    } finally {
      await takeDown();
    }
  },
  120_000 + KILLS * 10_000,
);
