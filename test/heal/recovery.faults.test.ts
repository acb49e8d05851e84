import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadExperiments } from '../../src/chaos/index.ts';
import { isAnswered, Load } from '../../src/chaos/load.ts';
import type { Context } from '../../src/context.ts';
import { heal, readAudit } from '../../src/heal/index.ts';
import { takeScore } from '../../src/lifecycle/score.ts';
import type { HealResult } from '../../src/model/heal.ts';
import type { Stack } from '../../src/model/stack.ts';
import { observeResources } from '../../src/observe/resources.ts';
import { instancesOf } from '../../src/services/index.ts';
import { createContext } from '../../src/system/index.ts';
import { editStack, newStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { CHECKOUT, qbtc, startQbtc } from '../support/qbtc.ts';
import { quietContext } from '../support/quiet-context.ts';

let root = '';
let takeDown = async () => {};
let context: Context;
let stack: Stack;

const OPTIONS = {
  dryRun: false,
  retry: false,
  timeoutMs: 20_000,
};
const PARTS = [
  'broker',
  'cache',
  'database',
  'gateway',
  'llm-api',
  'quantum-core',
  'platform-api',
  'exchange-simulator',
  'trading-hft',
];

beforeAll(async () => {
  [root, takeDown] = await newStack('recovery');
  expect((await qbtc(['up'], root)).code).toBe(0);
  context = {
    ...createContext(process, { root: CHECKOUT, version: '0.1.0' }, new AbortController().signal, false),
    io: quietContext().io,
  };
  stack = await openStackAt(root);
});
afterAll(() => takeDown());

const observed = async (name: string) => {
  const { resources } = await observeResources(context, stack);
  const part = resources.find((each) => each.name === name);
  if (part === undefined) throw new Error(`no ${name}`);
  return part;
};
const pidOf = async (name: string) => {
  const { pid } = await observed(name);
  if (pid === undefined) throw new Error(`${name} has no process`);
  return pid;
};
const everythingIsWell = async () => {
  const { resources } = await observeResources(context, stack);
  return resources.every(({ state }) => state === 'active');
};
const until = async (what: string, holds: () => Promise<boolean>, ms = 60_000) => {
  const deadline = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
const repairs = ({ outcomes }: HealResult) =>
  outcomes.map(({ repair, status }) => `${repair.remedy ?? '-'} ${repair.problem.subject}: ${status}`);
const healed = async (options: Partial<typeof OPTIONS> = {}) => {
  const result = await heal(context, stack, { ...OPTIONS, ...options });
  // It may have changed the secrets.
  stack = await openStackAt(root);
  return result;
};
/**
 * Nothing is left, and the score is whole; what lacks a point at the end of heal (the log of who has just begun may be
 * empty) must have it a moment later.
 */
async function expectProven(result: HealResult): Promise<void> {
  expect(result.left, repairs(result).join('; ')).toEqual([]);
  expect(result.proof.filter(({ status }) => status === 'failed')).toEqual([]);
  if (result.after === 100) return;
  const { score } = await takeScore(context, stack);
  expect(score.gains, `${result.after} points at the end of heal`).toEqual([]);
  expect(score.adjusted).toBe(100);
}
const stopFor = async (...names: string[]) => expect((await qbtc(['stop', ...names], root)).code).toBe(0);

/** Whoever stands at a port that is not theirs. */
async function squatter(port: number, ...args: string[]): Promise<ChildProcess> {
  const script = `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('here'))`;
  const child = spawn(process.execPath, ['-e', script, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

// Each fault has its own attempts: what one test has spent is not what the next one is about.
beforeEach(async () => {
  await mkdir(join(root, '.qbtc'), { recursive: true });
  await writeFile(join(root, '.qbtc', 'heal.json'), '{}');
});

describe('each part in turn, with 20 requests a second through the gateway', () => {
  test('killed, stopped, and frozen: back each time, and nothing that was answered is lost', async ({
    task,
  }) => {
    const [experiment] = await loadExperiments(stack);
    if (experiment?.load === undefined) throw new Error('the template has no experiment with load');
    const load = new Load(context, stack, { ...experiment.load, within: 30_000 });
    load.start();
    const lines: string[] = [];
    try {
      for (const name of PARTS) {
        const seconds: string[] = [];
        for (const fault of ['kill -9', 'stop', 'SIGSTOP'] as const) {
          await writeFile(join(root, '.qbtc', 'heal.json'), '{}');
          const begun = performance.now();
          if (fault === 'kill -9') process.kill(await pidOf(name), 'SIGKILL');
          if (fault === 'SIGSTOP') process.kill(await pidOf(name), 'SIGSTOP');
          if (fault === 'stop') await stopFor(name);
          if (fault === 'kill -9') await until(`${name} is back`, everythingIsWell);
          const result = await healed();
          await expectProven(result);
          seconds.push(`${fault} ${((performance.now() - begun) / 1000).toFixed(1)} s`);
        }
        lines.push(`  ${name}: ${seconds.join(', ')}`);
      }
    } finally {
      await load.stop();
    }
    const lost = await load.lost();
    const answered = load.requests.filter(isAnswered).length;
    const refused = load.requests.filter(({ status }) => status !== undefined && status >= 300).length;
    task.meta.figures = [
      'from the fault to a recovery that the flows prove (score 100):',
      ...lines,
      `  ${load.requests.length} requests meanwhile: ${answered} answered 2xx, of which ${lost?.length} lost; ${refused} refused, ${load.requests.length - answered - refused} cut off`,
    ].join('\n');
    expect(lost).toEqual([]);
    expect(answered).toBeGreaterThan(500);
  }, 1_200_000);
});

describe('several at once', () => {
  test('broker and database: each is mended at its root, no consumer is restarted', async () => {
    await stopFor('broker', 'database');
    const result = await healed();
    expect(repairs(result).toSorted()).toEqual(['start broker: helped', 'start database: helped']);
    await expectProven(result);
  });

  test('the supervisor itself, and a service with it: taken over, what ran goes on', async () => {
    const supervisor = (await observeResources(context, stack)).supervisor?.pid ?? 0;
    const broker = await pidOf('broker');
    process.kill(supervisor, 'SIGKILL');
    process.kill(await pidOf('llm-api'), 'SIGKILL');
    await until('llm-api is gone', async () => (await observed('llm-api')).state !== 'active');
    const result = await healed();
    expect(repairs(result)[0]).toBe('take-over supervisor: helped');
    await expectProven(result);
    expect(await pidOf('broker')).toBe(broker);
  });
});

describe('what stands in the way', () => {
  test('a stranger at the port is named and left alone; when it has gone, the part comes back', async () => {
    const port = stack.resources.find(({ name }) => name === 'cache')?.endpoint.port ?? 0;
    await stopFor('cache');
    const stranger = await squatter(port);
    try {
      const result = await healed();
      const [outcome] = result.outcomes;
      expect(outcome).toMatchObject({
        status: 'blocked',
        said: expect.stringContaining(`node (pid ${stranger.pid}) is not ours to end`),
        repair: { problem: { kind: 'port-stolen', subject: 'cache' } },
      });
      expect(stranger.exitCode).toBeNull();
    } finally {
      stranger.kill();
      await once(stranger, 'exit');
    }
    const result = await healed();
    expect(repairs(result)).toContain('start cache: helped');
    expect(result.left).toEqual([]);
  });

  test('what is left over from this stack is ended, and the part comes back', async () => {
    const port = stack.services.find(({ name }) => name === 'platform-api')?.port ?? 0;
    await stopFor('platform-api');
    const leftover = await squatter(port, join(root, '.qbtc', 'build', 'platform-api.mjs'));
    const ended = once(leftover, 'exit');
    const result = await healed();
    await ended;
    // On a busy machine the part may not be ready in time: then it is started once more.
    expect(repairs(result)[0]).toMatch(/^free-port platform-api: /);
    expect(repairs(result).at(-1)).toMatch(/ platform-api: helped$/);
    expect(result.left).toEqual([]);
  });

  test('a gateway whose port is stolen is stood in for on the fallback port, and returns when it can', async () => {
    const gateway = stack.resources.find(({ kind }) => kind === 'apisix');
    await stopFor('gateway');
    const thief = await squatter(gateway?.endpoint.port ?? 0);
    const key = stack.secrets['test-api-key'] ?? '';
    const ask = (port: number) =>
      context.http(`http://127.0.0.1:${port}/v1/models`, {
        headers: { authorization: `Bearer ${key}` },
        timeoutMs: 5_000,
      });
    try {
      const result = await healed();
      expect(repairs(result)).toContain('fallback-gateway gateway: helped');
      const answer = await ask(stack.heal.fallbackPort);
      expect([answer.status, JSON.parse(answer.body).object]).toEqual([200, 'list']);
      expect((await observed('gateway')).reason).toContain('stands in');
    } finally {
      thief.kill();
      await once(thief, 'exit');
    }
    const back = await healed();
    expect(repairs(back)).toContain('return-to-gateway gateway: helped');
    await expectProven(back);
    await expect(ask(stack.heal.fallbackPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a gateway that cannot start is stood in for on its own port, too: clients go on unchanged', async () => {
    const gateway = stack.resources.find(({ kind }) => kind === 'apisix');
    const folder = join(root, '.qbtc', 'data', 'gateway');
    await stopFor('gateway');
    await rename(folder, `${folder}.kept`);
    await writeFile(folder, 'not a folder');
    const chat = async () => (await qbtc(['test', '--only', 'llm-plain'], root)).code;
    const result = await healed();
    expect(repairs(result)).toEqual(
      expect.arrayContaining(['start gateway: failed', 'fallback-gateway gateway: helped']),
    );
    expect(await chat()).toBe(0);
    const answer = await context.http(`${gateway?.endpoint.url}/v1/models`, {
      headers: { authorization: `Bearer ${stack.secrets['test-api-key']}` },
      timeoutMs: 5_000,
    });
    expect([answer.status, answer.headers['x-qbtc-proxy']]).toEqual([200, 'fallback-active']);
    // Still broken: its stand-in is back after the attempt.
    const tried = await healed();
    expect(repairs(tried)[0]).toBe('return-to-gateway gateway: failed');
    expect(await chat()).toBe(0);

    await rm(folder);
    await rename(`${folder}.kept`, folder);
    const back = await healed({ retry: true });
    expect(repairs(back)).toContain('return-to-gateway gateway: helped');
    await expectProven(back);
    expect(await chat()).toBe(0);
  });
});

describe('what was changed by hand', () => {
  test('a queue and a route that are gone are made again', async () => {
    const gateway = stack.resources.find(({ kind }) => kind === 'apisix');
    const broker = stack.resources.find(({ kind }) => kind === 'rabbitmq');
    const { managementUrl, user, password, vhost = '' } = broker?.endpoint ?? {};
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    const queue = `${managementUrl}/api/queues/${encodeURIComponent(vhost)}/q_web_ui_updates`;
    const gone = await context.http(queue, {
      method: 'DELETE',
      headers: { authorization },
      timeoutMs: 5_000,
    });
    expect(gone.status).toBe(204);
    const route = `${gateway?.endpoint.managementUrl}/apisix/admin/routes/${stack.name}-llm-models`;
    const removed = await context.http(route, {
      method: 'DELETE',
      headers: { 'x-api-key': gateway?.endpoint.adminKey ?? '' },
      timeoutMs: 5_000,
    });
    expect(removed.status).toBe(200);
    const result = await healed();
    expect(repairs(result)).toEqual(['apply-topology broker: helped', 'sync-routes gateway: helped']);
    await expectProven(result);
  });

  test('a service whose password no longer holds gets a new one', async () => {
    const database = stack.resources.find(({ kind }) => kind === 'postgres');
    const role = stack.services.find(({ name }) => name === 'quantum-core')?.database?.role ?? '';
    const sql = await context.sql(database?.endpoint.url ?? '', { timeoutMs: 5_000 });
    await sql.query(`alter role "${role}" password 'something else'`);
    await sql.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [role]);
    await sql.close();
    await until('quantum-core is refused', async () =>
      /password/.test((await observed('quantum-core')).reason),
    );
    const before = stack.secrets;
    const result = await healed();
    expect(repairs(result)).toContain('rotate-credential quantum-core: helped');
    await expectProven(result);
    stack = await openStackAt(root);
    expect(stack.secrets).not.toEqual(before);
  });
});

describe('the healer itself', () => {
  test('killed in the middle of a repair, the next one goes on and says so', async () => {
    await stopFor('quantum-core');
    const first = startQbtc(['heal'], root);
    await until('a repair has begun', async () => (await readAudit(root, 1))[0]?.event === 'began');
    first.child.kill('SIGKILL');
    await first.ended;
    const result = await healed();
    expect(result.interrupted).toBe('start of quantum-core');
    await expectProven(result);
  });

  test('a remedy that does not help is given up, said so, and not repeated; mended by hand, all is well', async () => {
    const file = join(root, 'qbtc.yaml');
    const sound = await readFile(file, 'utf8');
    // A wrong configuration: no server there speaks PostgreSQL.
    await editStack(root, (document) => {
      const wrong = `postgresql://nobody@127.0.0.1:${stack.heal.fallbackPort}/none`;
      document.setIn(['services', 'quantum-core', 'env', 'DATABASE_URL'], wrong);
    });
    stack = await openStackAt(root);
    expect((await qbtc(['restart', 'quantum-core', '--timeout', '5'], root)).code).not.toBe(0);
    const result = await healed({ timeoutMs: 3_000 });
    const tries = result.outcomes.filter(({ repair }) => repair.remedy === 'restart');
    expect(tries.map(({ status }) => status)).toEqual(Array(stack.heal.attempts).fill('failed'));
    expect(result.outcomes.at(-1)).toMatchObject({
      status: 'blocked',
      said: expect.stringContaining('quarantined'),
    });
    expect(result.left).toMatchObject([{ subject: 'quantum-core' }]);
    const again = await healed({ timeoutMs: 3_000 });
    expect(again.outcomes).toMatchObject([{ status: 'blocked' }]);

    await writeFile(file, sound);
    stack = await openStackAt(root);
    expect((await qbtc(['restart', 'quantum-core'], root)).code).toBe(0);
    await expectProven(await healed());
    expect(await readFile(join(root, '.qbtc', 'heal.json'), 'utf8')).not.toContain('quarantined');
    const { score } = await takeScore(context, stack);
    expect(score.adjusted).toBe(100);
    expect(stack.services.flatMap(instancesOf)).toHaveLength(5);
  });

  test('the watch leaves what is above the bar to the supervisor, and mends what is below it', async () => {
    const watch = startQbtc(['heal', '--watch', '--json', '--below', '60', '--every', '1'], root);
    try {
      await until('it watches', async () => watch.stdout().includes('"watching"'));
      await stopFor('exchange-simulator');
      // That costs less than 40 points.
      await until('it has looked', async () => watch.stdout().includes('"acts":false'), 60_000);
      expect((await observed('exchange-simulator')).state).toBe('stopped');
      await stopFor('broker');
      await until('all is well again', everythingIsWell, 90_000);
      await until('it says so', async () => watch.stdout().includes('"healed"'), 30_000);
    } finally {
      watch.child.kill('SIGINT');
      await watch.ended;
    }
    const events = watch
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; acts?: boolean });
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['watching', 'scored', 'healed']),
    );
  });
});
