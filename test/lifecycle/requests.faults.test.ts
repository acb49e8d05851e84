import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { query } from '@stack/testing/postgres';
import { describe, expect, test } from 'vitest';
import type { Stack } from '../../src/model/stack.ts';
import { installPackages } from '../support/docker/run.ts';
import { editStack, newCoreStack, newUndecidedStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';

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

interface Answered {
  id: string;
  /** 0 when the connection broke. */
  status: number;
  code: string;
  ms: number;
}

/** One chat request through the gateway, as a client sends it. */
function ask(stack: Stack, index: number): Promise<Answered> {
  const gateway = stack.resources.find(({ kind }) => kind === 'apisix')?.endpoint;
  const id = `faults:${index}`;
  const body = JSON.stringify({
    model: 'qbtc-offline',
    messages: [{ role: 'user', content: `Request ${index} is mine. Whose is it?` }],
  });
  const began = performance.now();
  return new Promise((resolve) => {
    const done = (status: number, text: string) => {
      const code = status === 200 ? '' : (/"code":"([^"]*)"/.exec(text)?.[1] ?? text.slice(0, 80));
      const isMine = status !== 200 || text.includes(`Request ${index} is mine.`);
      resolve({ id, status: isMine ? status : -1, code, ms: performance.now() - began });
    };
    const sent = request(
      {
        host: gateway?.host,
        port: gateway?.port,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: {
          authorization: `Bearer ${stack.secrets['test-api-key']}`,
          'content-type': 'application/json',
          'x-correlation-id': id,
        },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => done(response.statusCode ?? 0, text));
        response.on('error', (error) => done(0, error.message));
      },
    );
    sent.on('error', (error) => done(0, error.message));
    sent.end(body);
  });
}

/** Kills the process of a part, and with it those that it has started, as a crash would. */
async function kill(root: string, name: string): Promise<void> {
  const { stdout } = await qbtc(['status', '--json'], root);
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

        const counted = new Map<string, number>();
        for (const { status, code } of answers) {
          const what = status === 200 ? '200' : `${status} ${code}`;
          counted.set(what, (counted.get(what) ?? 0) + 1);
        }
        const byCode = [...counted].map(([what, count]) => `${count} × ${what}`);
        const slowest = Math.max(...answers.map(({ ms }) => ms));
        process.stdout.write(
          `2,000 requests over ${real ? 'installed programs' : 'embedded parts'}: ${byCode.join(', ')}; slowest ${Math.round(slowest)} ms\n`,
        );
        expect(answers).toHaveLength(REQUESTS);
        // An answer of somebody else would be -1, a broken connection 0.
        expect(answers.filter(({ status }) => ![200, 502, 503, 504].includes(status))).toEqual([]);
        expect(slowest).toBeLessThan(ANSWERED_WITHIN_MS);
        expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(REQUESTS / 2);

        // Whoever was answered has a row, and nobody has two.
        const database = stack.resources.find(({ kind }) => kind === 'postgres')?.endpoint.url ?? '';
        const rows = await query<{ correlation_id: string; status: string }>(
          database,
          `select correlation_id, status from qcs_quantum.interactions where correlation_id like 'faults:%'`,
        );
        const counts = new Map<string, number>();
        for (const { correlation_id: id } of rows) counts.set(id, (counts.get(id) ?? 0) + 1);
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
