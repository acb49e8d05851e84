import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResourceObservation } from '../src/model/observation.ts';
import type { Score } from '../src/model/score.ts';
import { newStack } from './support/new-stack.ts';
import { qbtc } from './support/qbtc.ts';
import { quietContext } from './support/quiet-context.ts';

interface Status {
  stack: string;
  strategy: string;
  supervisor: { pid: number } | undefined;
  resources: ResourceObservation[];
}

const { host, clock } = quietContext();

describe('a stack from its making to its end', () => {
  let root: string;
  let status: Status;
  let takeDown: () => Promise<void>;

  beforeAll(async () => {
    [root, takeDown] = await newStack();
    const up = await qbtc(['up'], root);
    expect(up.stderr + up.stdout).toContain('llm-api');
    expect(up.code, up.stderr).toBe(0);
    status = JSON.parse((await qbtc(['status', '--json'], root)).stdout) as Status;
  });
  afterAll(() => takeDown());

  const client = async (secret: string) =>
    new OpenAI({
      baseURL: `http://127.0.0.1:${portOf('gateway')}/v1`,
      apiKey: (await qbtc(['secrets', 'get', secret], root)).stdout.trim(),
      maxRetries: 0,
    });
  const portOf = (name: string) => status.resources.find((resource) => resource.name === name)?.ports[0] ?? 0;
  const messages = [
    {
      role: 'user' as const,
      content: 'The gateway checks keys. The broker keeps events. What does the broker do?',
    },
  ];

  test('is active in every part', () => {
    expect(status).toMatchObject({
      stack: 'acme',
      strategy: 'fallback',
      supervisor: { pid: expect.any(Number) },
    });
    expect(status.resources.map(({ name, kind, state }) => [name, kind, state])).toEqual([
      ['broker', 'rabbitmq', 'active'],
      ['cache', 'redis', 'active'],
      ['database', 'postgres', 'active'],
      ['gateway', 'apisix', 'active'],
      ['llm-api', 'service', 'active'],
      ['quantum-core', 'service', 'active'],
      ['platform-api', 'service', 'active'],
      ['exchange-simulator', 'service', 'active'],
      ['trading-hft', 'service', 'active'],
    ]);
  });

  test('listens on loopback alone', async () => {
    const pids = new Set(status.resources.map(({ pid }) => pid));
    const ours = (await host.listeningSockets()).filter(({ pid }) => pids.has(pid));
    expect(ours.length).toBeGreaterThanOrEqual(8);
    expect(ours.filter(({ host }) => host !== '127.0.0.1')).toEqual([]);
  });

  test('answers the official client, plain and streamed, and names its engine honestly', async () => {
    const openai = await client('api-key');
    const [model] = (await openai.models.list()).data;
    expect(model?.id).toBe('qbtc-offline');
    const completion = await openai.chat.completions.create({ model: 'qbtc-offline', messages });
    expect(completion.choices[0]?.message.content).toMatch(/broker keeps events/i);
    expect(completion.usage?.total_tokens).toBeGreaterThan(10);

    const stream = await openai.chat.completions.create({ model: 'qbtc-offline', messages, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    expect(text).toBe(completion.choices[0]?.message.content);
  });

  test('refuses with the typed errors of the official client', async () => {
    const openai = await client('test-api-key');
    const stranger = new OpenAI({ baseURL: openai.baseURL, apiKey: 'wrong', maxRetries: 0 });
    await expect(stranger.models.list()).rejects.toThrow(AuthenticationError);
    await expect(openai.chat.completions.create({ model: 'qbtc-offline', messages: [] })).rejects.toThrow(
      BadRequestError,
    );
    await expect(openai.chat.completions.create({ model: 'gpt-none', messages })).rejects.toThrow(
      NotFoundError,
    );
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters: {} } }];
    await expect(openai.chat.completions.create({ model: 'qbtc-offline', messages, tools })).rejects.toThrow(
      BadRequestError,
    );
  });

  test('limits each consumer by itself', async () => {
    const openai = await client('api-key');
    const answers = await Promise.allSettled(Array.from({ length: 70 }, () => openai.models.list()));
    const codes = answers.map((answer) =>
      answer.status === 'fulfilled' ? 200 : (answer.reason as { status: number }).status,
    );
    expect(new Set(codes)).toEqual(new Set([200, 429]));
    expect((await (await client('test-api-key')).models.list()).data).not.toEqual([]);
  });

  test('passes its flows, and scores', async () => {
    const flows = await qbtc(['test'], root);
    expect(flows.code, flows.stdout).toBe(0);
    const scored = await qbtc(['score', '--min', '85', '--json'], root);
    const score = JSON.parse(scored.stdout) as Score;
    expect(scored.code, scored.stdout).toBe(0);
    expect(score).toMatchObject({ total: 100, max: 100, strategy: 'fallback', notMeasured: [] });
    expect(score.components.map(({ points }) => points).reduce((sum, points) => sum + points)).toBe(
      score.total,
    );
  });

  test('has nothing to change once it is up', async () => {
    expect(JSON.parse((await qbtc(['routes', 'sync', '--dry-run', '--json'], root)).stdout)).toEqual({
      changes: [],
      leftovers: [],
    });
    expect(JSON.parse((await qbtc(['topology', 'apply', '--dry-run', '--json'], root)).stdout)).toEqual({
      changes: [],
      leftovers: [],
    });
    const again = JSON.parse((await qbtc(['up', '--json'], root)).stdout) as {
      started: string[];
      outcomes: unknown[];
    };
    expect(again).toMatchObject({ started: [], outcomes: [] });
    const now = JSON.parse((await qbtc(['status', '--json'], root)).stdout) as Status;
    expect(now.resources.map(({ pid }) => pid)).toEqual(status.resources.map(({ pid }) => pid));
  });

  test('shows no secret anywhere but where it is asked for', async () => {
    const secrets = Object.values(
      JSON.parse(await readFile(join(root, '.qbtc', 'secrets.json'), 'utf8')) as Record<string, string>,
    );
    const outputs = await Promise.all(
      [
        ['status', '--json'],
        ['logs', '--json'],
        ['routes', 'sync', '--dry-run'],
        ['score', '--json'],
        ['up', '--json'],
      ].map((args) => qbtc(args, root)),
    );
    const state = await readFile(join(root, '.qbtc', 'state.json'), 'utf8');
    const all = outputs.map(({ stdout, stderr }) => stdout + stderr).join('\n') + state;
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    expect((await stat(join(root, '.qbtc', 'secrets.json'))).mode & 0o777).toBe(0o600);
  });

  test('starts again what is killed, and the score names the gap meanwhile', async () => {
    const core = status.resources.find(({ name }) => name === 'quantum-core');
    process.kill(core?.pid ?? 0, 'SIGKILL');
    const deadline = clock.monotonic() + 30_000;
    for (;;) {
      const now = JSON.parse((await qbtc(['status', '--json'], root)).stdout) as Status;
      const after = now.resources.find(({ name }) => name === 'quantum-core');
      if (after?.state === 'active' && after.pid !== core?.pid) break;
      expect(clock.monotonic(), JSON.stringify(after)).toBeLessThan(deadline);
      await clock.sleep(100);
    }
    expect((await qbtc(['test', '--only', 'llm-plain'], root)).code).toBe(0);
  });

  test('restarts a service whose code changed, and only that', async () => {
    const file = join(root, 'services', 'llm-api', 'src', 'main.ts');
    await writeFile(file, `${await readFile(file, 'utf8')}\nglobalThis.console.assert(true);\n`);
    const result = JSON.parse((await qbtc(['up', '--json'], root)).stdout) as { started: string[] };
    expect(result.started).toEqual(['llm-api']);
  });

  test('goes down without a trace, also with a broken qbtc.yaml', async () => {
    const file = join(root, 'qbtc.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, 'version: [');
    const before = await host.listeningSockets();
    const ours = status.resources.flatMap(({ ports }) => ports);
    expect((await qbtc(['up'], root)).code).toBe(1);
    const down = await qbtc(['down', '--json'], root);
    await writeFile(file, text);
    expect(down.code, down.stderr).toBe(0);
    expect(JSON.parse(down.stdout)).toMatchObject({
      stopped: expect.arrayContaining(['llm-api', 'database']),
    });
    const after = (await host.listeningSockets()).filter(({ port }) => ours.includes(port));
    expect(before.length).toBeGreaterThan(0);
    expect(after).toEqual([]);
    expect(await host.processStartTime(status.supervisor?.pid ?? 0)).toBeUndefined();
  });
});
