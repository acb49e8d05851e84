import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplesIn } from '../../src/metrics/prometheus.ts';
import type { ExperimentReport } from '../../src/model/chaos.ts';
import type { HealResult } from '../../src/model/heal.ts';
import type { MetricsSnapshot } from '../../src/model/metrics.ts';
import type { Score, ScoreComparison } from '../../src/model/score.ts';
import { editStack, newStack } from '../support/new-stack.ts';
import { qbtc, startQbtc } from '../support/qbtc.ts';

let root = '';
let takeDown = async () => {};

beforeAll(async () => {
  [root, takeDown] = await newStack('loop');
  expect((await qbtc(['up'], root)).code).toBe(0);
});
afterAll(() => takeDown());

async function json<Document>(
  ...args: string[]
): Promise<{ code: number; document: Document; stderr: string }> {
  const { code, stdout, stderr } = await qbtc([...args, '--json'], root);
  return { code, stderr, document: JSON.parse(stdout) as Document };
}
type ScoreJson = Score & { comparison?: ScoreComparison };

test('score names the gap, the prediction holds, heal leaves alone what is held, and all is proven in the end', async () => {
  const well = await json<ScoreJson>('score', '--strict');
  expect([well.code, well.document.total, well.document.gains]).toEqual([0, 100, []]);
  const sum = well.document.components.reduce((total, { points }) => total + points, 0);
  expect(sum).toBe(well.document.total);

  expect((await qbtc(['chaos', 'inject', 'broker-down'], root)).code).toBe(0);
  const broken = await json<ScoreJson>('score', '--no-regression');
  expect(broken.code).toBe(2);
  expect(broken.document.total).toBeLessThan(70);
  const [gain] = broken.document.gains;
  expect(gain).toMatchObject({ causes: ['broker'], command: 'qbtc chaos undo', severity: 'critical' });
  expect(broken.document.comparison?.difference).toBe(broken.document.adjusted - 100);
  expect((await qbtc(['score', '--strict'], root)).code).toBe(2);

  // Nothing of ours starts what is held.
  const up = await qbtc(['up'], root);
  expect([up.code, up.stderr]).toEqual([2, expect.stringContaining('broker by broker-down')]);
  const held = await json<HealResult>('heal');
  expect(held.code).toBe(2);
  expect(held.document.outcomes).toMatchObject([
    { status: 'blocked', said: expect.stringContaining('qbtc chaos undo') },
  ]);

  expect((await qbtc(['chaos', 'undo'], root)).code).toBe(0);
  const healed = await json<HealResult>('heal');
  expect([healed.code, healed.document.left], healed.stderr).toEqual([0, []]);
  const after = await json<ScoreJson>('score', '--min', '85');
  expect([after.code, after.document.total]).toEqual([0, gain?.predicted]);
});

test('the prediction of a plan that heal carries out holds to the hundredth', async () => {
  expect((await qbtc(['stop', 'cache', 'quantum-core'], root)).code).toBe(0);
  const { document: before } = await json<ScoreJson>('score');
  expect(before.gains).toHaveLength(1);
  expect(before.gains[0]).toMatchObject({ command: 'qbtc up', predicted: 100 });
  const dry = await json<HealResult>('heal', '--dry-run');
  expect(dry.code).toBe(2);
  expect(dry.document.planned.map(({ remedy, problem }) => [remedy, problem.subject])).toEqual([
    ['start', 'cache'],
  ]);
  expect(dry.document.planned[0]?.problem.victims).toContain('quantum-core');
  const healed = await json<HealResult>('heal');
  expect([healed.code, healed.document.after], healed.stderr).toEqual([0, before.gains[0]?.predicted]);
});

test('what is declared and dead fails the gate above the target, too', async () => {
  expect((await qbtc(['stop', 'trading-hft'], root)).code).toBe(0);
  try {
    const { code, document } = await json<ScoreJson>('score', '--min', '80');
    expect(code).toBe(2);
    expect(document.adjusted).toBeGreaterThan(80);
    expect(document.failures).toContainEqual(
      expect.objectContaining({ kind: 'dead', subject: 'trading-hft' }),
    );
  } finally {
    const { code, stderr } = await qbtc(['up'], root);
    expect(code, stderr).toBe(0);
  }
  expect((await qbtc(['score', '--min', '80'], root)).code).toBe(0);
});

test('reports for people, pull requests, CI and Prometheus', async () => {
  const { code, stderr } = await qbtc(['score', '--html', 'score.html', '--junit', 'score.xml'], root);
  expect([code, stderr]).toEqual([0, expect.stringContaining('score.html written')]);
  const page = await readFile(join(root, 'score.html'), 'utf8');
  expect(page).toContain('<svg');
  // Nothing from elsewhere.
  expect(page).not.toMatch(/(src|href)=|<script/);
  expect(await readFile(join(root, 'score.xml'), 'utf8')).toContain(
    '<testsuite name="infrastructure" tests="9"',
  );
  expect((await qbtc(['score', '--markdown'], root)).stdout).toContain('## ✅ loop: 100.00 / 100.00 (A)');
  const samples = samplesIn((await qbtc(['score', '--prometheus'], root)).stdout);
  expect(samples).toContainEqual({ name: 'qbtc_score', labels: { stack: 'loop' }, value: 100 });
  const nowhere = await qbtc(['score', '--html', 'no/such/folder/score.html'], root);
  expect([nowhere.code, nowhere.stderr]).toEqual([64, expect.stringContaining('no/such/folder/score.html')]);
});

test('words that name nothing get the nearest, or what there is', async () => {
  const check = await qbtc(['score', '--explain', 'ROUTES_ANSWERS'], root);
  expect([check.code, check.stderr]).toEqual([64, expect.stringContaining('did you mean ROUTES_ANSWER?')]);
  expect((await qbtc(['score', '--explain', 'routes_answer'], root)).stdout).toContain('ROUTES_ANSWER');
  const earlier = await qbtc(['score', '--compare', '1999-01-01'], root);
  expect([earlier.code, earlier.stderr]).toEqual([64, expect.stringContaining('2030-12-31')]);
  const run = await qbtc(['chaos', 'run', 'broker-restrat'], root);
  expect([run.code, run.stderr]).toEqual([64, expect.stringContaining('did you mean broker-restart?')]);
});

test('an experiment shows what was lost, what was away, and leaves nothing behind', async () => {
  const { code, document, stderr } = await json<ExperimentReport>(
    'chaos',
    'run',
    'broker-restart',
    '--report',
    'chaos.html',
  );
  expect(code, stderr).toBe(0);
  expect(document.requests.lost).toBe(0);
  expect(document.requests.answered).toBeGreaterThan(40);
  expect(document.absences.map(({ part }) => part)).toContain('broker');
  expect(document.findings).toEqual([]);
  expect((await stat(join(root, 'chaos.html'))).size).toBeGreaterThan(2_000);
  const list = await json<{ injected: unknown[] }>('chaos', 'list');
  expect(list.document.injected).toEqual([]);
});

test('an experiment that is killed is undone by its guard', async () => {
  const { child, ended, stderr } = startQbtc(['chaos', 'run', 'database-down'], root);
  const injected = async () =>
    (await json<{ injected: { name: string }[] }>('chaos', 'list')).document.injected;
  const until = async (count: number) => {
    const deadline = Date.now() + 60_000;
    while ((await injected()).length !== count) {
      if (Date.now() > deadline) throw new Error(`not ${count} faults: ${stderr()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await until(1);
  child.kill('SIGKILL');
  await ended;
  await until(0);
  const healed = await json<HealResult>('heal');
  expect([healed.code, healed.document.left], healed.stderr).toEqual([0, []]);
});

test('chaos is refused where it is not allowed', async () => {
  await editStack(root, (file) => file.setIn(['chaos', 'allowed'], false));
  const refused = await qbtc(['chaos', 'inject', 'cache-down'], root);
  expect([refused.code, refused.stderr]).toEqual([64, expect.stringContaining('does not allow chaos')]);
  await editStack(root, (file) => file.setIn(['chaos', 'allowed'], true));
});

test('metrics need nobody but the parts themselves', async () => {
  const { code, document } = await json<MetricsSnapshot>('metrics');
  expect(code).toBe(0);
  const { machine, services, broker, caches, databases, gateway } = document;
  expect(
    [machine, services, broker, ...caches, ...databases, gateway].every(({ measured }) => measured),
  ).toBe(true);
  if (!services.measured || !gateway.measured) throw new Error('not measured');
  expect(services.value.find(({ instance }) => instance === 'llm-api')?.requests).toBeGreaterThan(0);
  expect(gateway.value.routes).toContainEqual(
    expect.objectContaining({ route: 'loop-llm-chat', status: '200' }),
  );
  const samples = samplesIn((await qbtc(['metrics', '--prometheus'], root)).stdout);
  expect(samples.filter(({ name }) => name === 'qbtc_measured').map(({ value }) => value)).toEqual(
    Array(6).fill(1),
  );
});

test('the watch shows the parts, the score, and what heal did', async () => {
  const { child, ended, stdout } = startQbtc(['status', '--watch', '--json'], root);
  const deadline = Date.now() + 60_000;
  while (!stdout().includes('"score":{')) {
    if (Date.now() > deadline) throw new Error(`no score: ${stdout().slice(-500)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  const last = JSON.parse(stdout().trim().split('\n').at(-1) ?? '') as {
    live: { score: { adjusted: number }; flows: { status: string }[]; heal: { event: string }[] };
  };
  expect(last.live.score.adjusted).toBe(100);
  expect(last.live.flows.map(({ status }) => status)).toEqual(Array(3).fill('passed'));
  expect(last.live.heal.map(({ event }) => event)).toContain('looked');
});
