import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { installPackages } from '../support/docker/run.ts';
import { editStack, newCoreStack, newUndecidedStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';
import { type Answered, ask, counted, rowsByRequest } from './chat-requests.ts';

const REQUESTS = 2_000;
const IN_FLIGHT = 16;
/** How long llm-api waits for the core, in milliseconds; every request must have its answer soon after that. */
const DEADLINE_MS = 6_000;
const ANSWERED_WITHIN_MS = DEADLINE_MS + 4_000;
const LEAST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

const missing =
  (await installPackages(['rabbitmq-server'], '/usr/lib/rabbitmq/bin/rabbitmq-server')) ??
  (await installPackages(['redis-server'], '/usr/bin/redis-server')) ??
  (await installPackages(['postgresql'], '/usr/bin/psql'));

/** Kills the process of a part, and with it those that it has started, as a crash would. */
async function kill(root: string, name: string): Promise<void> {
  const { code, stdout, stderr } = await qbtc(['status', '--json'], root);
  expect(stdout, `${code}: ${stderr}`).not.toBe('');
  const { resources } = JSON.parse(stdout) as { resources: { name: string; pid: number | null }[] };
  const pid = resources.find((resource) => resource.name === name)?.pid;
  try {
    if (typeof pid === 'number') process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It had ended between the two looks, with what it lost before.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const reason = missing === undefined ? '' : ` (not over installed programs: ${missing})`;

describe(`2,000 chat requests while broker, cache, database and core are killed and come back${reason}`, () => {
  const over = [
    ['embedded parts', false] as const,
    ...(missing === undefined ? [['installed programs', true] as const] : []),
  ];
  test.each(over)(
    '%s: each has an answer or an honest error in time, and nothing that was taken is lost',
    async (_name, real) => {
      const [root, takeDown] = real
        ? await newUndecidedStack('killed', undefined, [])
        : await newCoreStack('killed');
      try {
        await editStack(root, (file) => {
          file.setIn(['services', 'llm-api', 'env', 'LLM_DEADLINE_MS'], String(DEADLINE_MS));
          // Two of each: next to the port of llm-api stands the one of quantum-core.
          file.setIn(['services', 'llm-api', 'port'], 8010);
          file.setIn(['services', 'llm-api', 'replicas'], 2);
          file.setIn(['services', 'quantum-core', 'replicas'], 2);
        });
        const up = await qbtc(['up', '--strategy', 'fallback', '--timeout', '120'], root);
        expect(up.code, up.stderr).toBe(0);
        const stack = await openStackAt(root);
        const faults: [number, string][] = [
          [250, 'broker'],
          [425, 'quantum-core-1'],
          [600, 'cache'],
          [775, 'quantum-core-2'],
          [950, 'database'],
          [1_300, 'broker'],
          [1_475, 'quantum-core-1'],
          [1_650, 'database'],
        ];
        const running: Promise<void>[] = [];
        const answers: Answered[] = [];
        let next = 0;
        await Promise.all(
          Array.from({ length: IN_FLIGHT }, async () => {
            let patience = LEAST_PAUSE_MS;
            while (next < REQUESTS) {
              next += 1;
              const [fault] = faults;
              if (fault !== undefined && next >= fault[0]) {
                faults.shift();
                running.push(kill(root, fault[1]));
              }
              const answered = await ask(stack, next);
              answers.push(answered);
              // A client that is told that the service is away does not ask again at once, and later each time: how long a
              // server takes to come back, and so how many would ask in vain meanwhile, is the machine's affair.
              patience = answered.status === 200 ? LEAST_PAUSE_MS : Math.min(patience * 2, LONGEST_PAUSE_MS);
              if (answered.status !== 200) await sleep(patience);
            }
          }),
        );
        await Promise.all(running);

        // Everything comes back by itself.
        for (let tries = 0; ; tries += 1) {
          const { status } = await ask(stack, REQUESTS + 1 + tries);
          if (status === 200) break;
          expect(tries, 'the stack works again').toBeLessThan(300);
          await sleep(200);
        }

        const slowest = Math.max(...answers.map(({ ms }) => ms));
        process.stdout.write(
          `2,000 requests over ${real ? 'installed programs' : 'embedded parts'}: ${counted(answers)}; slowest ${Math.round(slowest)} ms\n`,
        );
        expect(answers).toHaveLength(REQUESTS);
        // An answer of somebody else would be -1, a broken connection 0.
        expect(answers.filter(({ status }) => ![200, 502, 503, 504].includes(status))).toEqual([]);
        expect(slowest).toBeLessThan(ANSWERED_WITHIN_MS);
        expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(REQUESTS / 2);

        // Whoever was answered has a row, and nobody has two.
        const counts = await rowsByRequest(stack);
        expect([...counts].filter(([, count]) => count > 1)).toEqual([]);
        expect(answers.filter(({ id, status }) => status === 200 && !counts.has(id))).toEqual([]);

        // What timed out had been confirmed by the broker: it was worked on, or dropped because nobody waited any more.
        const logs = await qbtc(['logs', 'quantum-core', '--lines', '100000', '--json'], root);
        const timedOut = answers.filter(({ status, code }) => status === 504 && code === 'timeout');
        const letters = await qbtc(['events', 'replay', '--dry-run', '--json'], root);
        const lost = timedOut.filter(
          ({ id }) =>
            !counts.has(id) && !logs.stdout.includes(`"${id}"`) && !letters.stdout.includes(`"${id}"`),
        );
        expect(lost).toEqual([]);
      } finally {
        await takeDown();
      }
    },
    300_000,
  );
});
