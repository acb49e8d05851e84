import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStack } from '../support/new-stack.ts';
import { qbtc } from '../support/qbtc.ts';
import { quietContext } from '../support/quiet-context.ts';

const { host } = quietContext();

/** Services that these tests leave as they are. */
const OTHERS = ['platform-api active', 'exchange-simulator active', 'trading-hft active'];

describe('what `up` cannot do', () => {
  let root: string;
  let takeDown: () => Promise<void>;
  beforeAll(async () => {
    [root, takeDown] = await newStack('troubled');
  });
  afterAll(() => takeDown());

  const stackFile = () => readFile(join(root, 'qbtc.yaml'), 'utf8');
  const withFile = async <T>(
    path: string,
    change: (text: string) => string,
    work: () => Promise<T>,
  ): Promise<T> => {
    const file = join(root, path);
    const text = await readFile(file, 'utf8');
    await writeFile(file, change(text));
    try {
      return await work();
    } finally {
      await writeFile(file, text);
    }
  };
  const nothingRuns = async () => {
    const ports = [...(await stackFile()).matchAll(/port: (\d+)/g)].map(([, port]) => Number(port));
    const base = Number(/base: (\d+)/.exec(await stackFile())?.[1]);
    const ours = new Set(ports.map((port) => port + base));
    return (await host.listeningSockets()).filter(({ port }) => ours.has(port));
  };

  test('a port that is taken: the process that holds it is named, and nothing is started', async () => {
    const base = Number(/base: (\d+)/.exec(await stackFile())?.[1]);
    const holder = createServer();
    holder.listen(8000 + base, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { code, stderr } = await qbtc(['up'], root);
    holder.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`port ${port} \\(llm-api\\) is held by .+ \\(pid ${process.pid}\\)`));
    expect(stderr).toMatch(/qbtc\s+up\s+--port-base\s+\d+/);
    expect(await nothingRuns()).toEqual([]);
  });

  test('a broken qbtc.yaml: every mistake at once, with its place', async () => {
    const broken = (text: string) =>
      text
        .replace('kind: redis', 'kind: rediss')
        .replace('depends_on: [broker, cache, database]', 'depends_on: [brocker]');
    const { code, stderr } = await withFile('qbtc.yaml', broken, () => qbtc(['up'], root));
    expect(code).toBe(1);
    expect(stderr).toMatch(/qbtc\.yaml:\d+:\d+.*rediss.*redis/);
    expect(stderr).toMatch(/qbtc\.yaml:\d+:\d+.*brocker.*broker/);
  });

  test('a service that crashes at start: at once, with its last lines, and the rest stays to be looked at', async () => {
    const crash = (text: string) => `throw new Error('no flux capacitor');\n${text}`;
    const { code, stderr } = await withFile('services/llm-api/src/main.ts', crash, () => qbtc(['up'], root));
    expect(code).toBe(1);
    expect(stderr).toContain('llm-api ended before it was ready: exited with code 1');
    expect(stderr).toContain('no flux capacitor');
    expect(stderr).toContain('qbtc logs llm-api');

    const status = JSON.parse((await qbtc(['status', '--json'], root)).stdout) as {
      resources: { name: string; state: string; reason: string }[];
    };
    expect(status.resources.find(({ name }) => name === 'llm-api')).toMatchObject({
      state: 'crashed',
      reason: 'exited with code 1',
    });
    const score = await qbtc(['score', '--min', '85', '--json'], root);
    expect(score.code).toBe(2);
    const { total, components } = JSON.parse(score.stdout) as {
      total: number;
      components: { checks: { subject: string; status: string; fix?: { command: string } }[] }[];
    };
    expect(total).toBeLessThan(85);
    const lost = components
      .flatMap(({ checks }) => checks)
      .filter(({ subject, status }) => subject === 'llm-api' && status === 'failed');
    expect(lost.length).toBeGreaterThan(0);
    for (const { fix } of lost) expect(fix?.command).toMatch(/^qbtc /);

    const mended = await qbtc(['up', '--json'], root);
    expect(mended.code, mended.stderr).toBe(0);
    // What had not begun to start before the crash starts now; what lives goes on.
    const { started } = JSON.parse(mended.stdout) as { started: string[] };
    const lived = status.resources.filter(({ state }) => state === 'active').map(({ name }) => name);
    expect(started).toContain('llm-api');
    expect(started.filter((name) => lived.includes(name))).toEqual([]);
  });

  test('a service that never becomes ready: the deadline, the reason, exit 4', async () => {
    const deaf = (text: string) =>
      text.replace(
        'health: /health\n    depends_on: [broker, cache, quantum-core]',
        'health: /nowhere\n    depends_on: [broker, cache, quantum-core]',
      );
    // All else runs already: only the one is waited for.
    const { code, stderr } = await withFile('qbtc.yaml', deaf, () => qbtc(['up', '--timeout', '4'], root));
    await qbtc(['down'], root);
    expect(code).toBe(4);
    expect(stderr).toMatch(/llm-api was not ready within 4 s: \/nowhere answers 404/);
    expect(await nothingRuns()).toEqual([]);
  });

  test('a migration that is wrong: named, nothing of it applied, no service started', async () => {
    await qbtc(['down', '--volumes'], root);
    const wrong = (text: string) => `${text}\nCREATE TABLE nonsense (;`;
    const { code, stderr } = await withFile(
      'infrastructure/supabase/migrations/0002_quantum_core_interactions.sql',
      wrong,
      () => qbtc(['up'], root),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/0002_quantum_core_interactions\.sql failed: syntax error/);
    expect(stderr).not.toContain('quantum-core: ready');
    const mended = await qbtc(['up'], root);
    expect(mended.code, mended.stderr).toBe(0);
    await qbtc(['down', '--volumes'], root);
  });

  test('what is declared otherwise now ends first: replicas, ports, services that are gone', async () => {
    const other = (text: string) =>
      text
        .replace(
          'health: /health\n    depends_on: [broker, cache, quantum-core]',
          'health: /health\n    replicas: 2\n    depends_on: [broker, cache, quantum-core]',
        )
        .replace('port: 8001', 'port: 8011');
    const names = async () => {
      const { stdout } = await qbtc(['status', '--json'], root);
      const { resources } = JSON.parse(stdout) as {
        resources: { name: string; state: string; ports: number[] }[];
      };
      return resources.map(({ name, state }) => `${name} ${state}`).slice(4);
    };
    const kept = await qbtc(['up'], root);
    expect(kept.code, kept.stderr).toBe(0);
    // What Node and libraries warn of is no business of who works at the terminal.
    expect(kept.stderr).not.toMatch(/Warning/);
    expect(await names()).toEqual(['llm-api active', 'quantum-core active', ...OTHERS]);
    await withFile('qbtc.yaml', other, async () => {
      const { code, stderr } = await qbtc(['up'], root);
      expect(code, stderr).toBe(0);
      expect(await names()).toEqual([
        'llm-api-1 active',
        'llm-api-2 active',
        'quantum-core active',
        ...OTHERS,
      ]);
      expect((await qbtc(['test', '--only', 'llm-plain'], root)).code).toBe(0);
    });
    const back = await qbtc(['up'], root);
    expect(back.code, back.stderr).toBe(0);
    expect(await names()).toEqual(['llm-api active', 'quantum-core active', ...OTHERS]);
    expect((await qbtc(['down'], root)).code).toBe(0);
    expect(await nothingRuns()).toEqual([]);
  });

  test('another qbtc at work: it is named', async () => {
    const [first, second] = await Promise.all([qbtc(['up'], root), qbtc(['up'], root)]);
    const codes = [first.code, second.code].sort();
    expect(codes).toEqual([0, 1]);
    expect(first.stderr + second.stderr).toMatch(/another qbtc is changing this stack: qbtc up \(pid \d+\)/);
    await qbtc(['down'], root);
  });
});
