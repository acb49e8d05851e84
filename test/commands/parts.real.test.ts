import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newStack } from '../support/new-stack.ts';
import { PROGRAM, qbtc } from '../support/qbtc.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

interface Status {
  resources: { name: string; state: string; pid: number | null }[];
}

describe('parts of a running stack', () => {
  let root = '';
  let takeDown = async () => {};
  const json = async <T>(...args: string[]) =>
    JSON.parse((await qbtc([...args, '--json'], root)).stdout) as T;
  const status = async () =>
    new Map((await json<Status>('status')).resources.map((resource) => [resource.name, resource]));

  beforeAll(async () => {
    [root, takeDown] = await newStack('parts');
  });
  afterAll(() => takeDown());

  test('a service comes up with what it needs and nothing else', async () => {
    const up = await qbtc(['up', 'quantum-core', '--json'], root);
    expect(up.code, up.stderr).toBe(0);
    expect((JSON.parse(up.stdout).started as string[]).sort()).toEqual([
      'broker',
      'cache',
      'database',
      'quantum-core',
    ]);
    // Progress for programs: one object a line.
    const events = up.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toContainEqual({
      atMs: expect.any(Number),
      event: 'done',
      name: 'quantum-core',
      detail: expect.stringContaining('ready after'),
    });
    const rest = await qbtc(['up', '--json'], root);
    expect((JSON.parse(rest.stdout).started as string[]).sort()).toEqual([
      'exchange-simulator',
      'gateway',
      'llm-api',
      'platform-api',
      'trading-hft',
    ]);
  }, 240_000);

  test('one is stopped, named to what needs it, and stays so until up', async () => {
    const stopped = await qbtc(['stop', 'quantum-core', '--json'], root);
    expect(JSON.parse(stopped.stdout)).toEqual({
      stack: 'parts',
      stopped: ['quantum-core'],
      stranded: ['llm-api', 'trading-hft'],
    });
    expect((await status()).get('quantum-core')?.state).toBe('stopped');
    expect(JSON.parse((await qbtc(['up', '--json'], root)).stdout).started).toEqual(['quantum-core']);
    const wrong = await qbtc(['stop', 'quantum-cor'], root);
    expect(wrong).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('did you mean "quantum-core"?'),
    });
  }, 240_000);

  test('one is restarted: another process, the others the same', async () => {
    const before = await status();
    const restarted = await json<{ started: string[] }>('restart', 'llm-api');
    expect(restarted.started).toEqual(['llm-api']);
    const after = await status();
    for (const [name, { pid }] of after) {
      if (name === 'llm-api') expect(pid).not.toBe(before.get(name)?.pid);
      else expect(pid, name).toBe(before.get(name)?.pid);
    }
  }, 240_000);

  test('one whose code does not compile is not restarted: what works goes on', async () => {
    const file = join(root, 'services', 'llm-api', 'src', 'main.ts');
    const code = await readFile(file, 'utf8');
    const before = await status();
    await writeFile(file, `${code}\nconst broken: = 1;\n`);
    try {
      const refused = await qbtc(['restart', 'llm-api', '--json'], root);
      expect(refused.code).toBe(1);
      expect(JSON.parse(refused.stdout)).toMatchObject({
        error: { code: 'BUNDLE_FAILED', details: [expect.stringContaining('main.ts')] },
      });
    } finally {
      await writeFile(file, code);
    }
    for (const [name, { pid, state }] of await status())
      expect([name, pid, state]).toEqual([name, before.get(name)?.pid, 'active']);
  }, 240_000);

  test("exec has a service's folder and environment, and ends as the command does", async () => {
    const port = (await json<{ ports: { name: string; port: number }[] }>('ports')).ports.find(
      ({ name }) => name === 'llm-api',
    )?.port;
    const script = 'console.log(process.env.PORT); process.exit(7)';
    expect(await qbtc(['exec', 'llm-api', '--', 'node', '-e', script], root)).toMatchObject({
      code: 7,
      stdout: `${port}\n`,
    });
    const killed = await qbtc(
      ['exec', 'llm-api', 'node', '-e', 'process.kill(process.pid, "SIGKILL")'],
      root,
    );
    expect(killed.code).toBe(137);
    expect(await qbtc(['exec', 'broker', 'true'], root)).toMatchObject({ code: 64 });
    expect(await qbtc(['exec', 'llm-api', 'no-such-program'], root)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no-such-program was not found'),
    });
  }, 240_000);

  test('ports says whose each is and who listens', async () => {
    const { ports } = await json<{
      ports: { name: string; role: string; listener: { pid: number } | null }[];
    }>('ports');
    expect(ports.length).toBe(12);
    const pids = await status();
    const broker = ports.find(({ name, role }) => name === 'broker' && role === 'management');
    expect(broker?.listener?.pid).toBe(pids.get('broker')?.pid);
  }, 240_000);

  test('status --watch prints one object a line until it is interrupted', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'status', '--watch', '--json'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const lines: Status[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(JSON.parse(line) as Status);
      if (lines.length === 2) break;
    }
    child.kill('SIGINT');
    if (child.exitCode === null) await once(child, 'exit');
    expect(child.exitCode).toBe(130);
    expect(lines.every(({ resources }) => resources.every(({ state }) => state === 'active'))).toBe(true);
  }, 240_000);

  test('secrets are rotated in the running stack, and what need not restart does not', async () => {
    const names = (await json<{ secrets: { name: string }[] }>('secrets', 'list')).secrets.map(
      ({ name }) => name,
    );
    expect(names).toEqual(
      expect.arrayContaining(['api-key', 'database-password', 'quantum-core-database-password']),
    );
    const key = (await qbtc(['secrets', 'get', 'api-key'], root)).stdout;
    const before = await status();
    const rotated = await json<{ rotated: string[]; restarted: string[] }>(
      'secrets',
      'rotate',
      'api-key',
      'database-password',
      'quantum-core-database-password',
    );
    expect(rotated.restarted).toEqual(['quantum-core']);
    const after = await status();
    for (const name of ['broker', 'cache', 'database', 'gateway', 'llm-api'])
      expect(after.get(name)?.pid, name).toBe(before.get(name)?.pid);
    expect((await qbtc(['secrets', 'get', 'api-key'], root)).stdout).not.toBe(key);
    // Each service answers, with its database and its broker.
    const answers = async () => (await qbtc(['test', '--tag', 'smoke'], root)).code;
    expect(await answers()).toBe(0);
    // Nothing of it was lost with the restart of all.
    expect((await qbtc(['down'], root)).code).toBe(0);
    expect((await qbtc(['up'], root)).code).toBe(0);
    expect(await answers()).toBe(0);
    expect(await qbtc(['secrets', 'rotate', 'gateway-keyring'], root)).toMatchObject({ code: 64 });
  }, 240_000);

  test('logs can be asked for a correlation id', async () => {
    const flows = await json<{ flows: { correlationId: string }[] }>('test', '--only', 'llm-plain');
    const id = flows.flows[0]?.correlationId ?? '';
    const { lines } = await json<{ lines: { source: string; correlationId: string }[] }>(
      'logs',
      '--correlation',
      id,
    );
    expect(new Set(lines.map(({ source }) => source))).toEqual(
      new Set(['gateway', 'llm-api', 'quantum-core']),
    );
    expect(lines.every(({ correlationId }) => correlationId === id)).toBe(true);
    expect((await qbtc(['logs', '--since', 'yesterday'], root)).code).toBe(64);
    expect((await qbtc(['logs', '--grep', '('], root)).code).toBe(64);
  }, 240_000);
});

describe('doctor', () => {
  test('works outside of a stack, where nothing is changed', async () => {
    const cwd = await temporaryFolder();
    const { code, stdout } = await qbtc(['doctor', '--json'], cwd);
    const { checks, strategy } = JSON.parse(stdout) as {
      checks: { name: string; status: string; found: string; fix: string | null }[];
      strategy: string | null;
    };
    const failed = checks.filter(({ status }) => status === 'fail');
    expect(code).toBe(failed.length === 0 ? 0 : 2);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'docker', 'compose', 'ports', 'memory', 'disk', 'strategy']),
    );
    expect(checks.find(({ name }) => name === 'node')).toMatchObject({ status: 'pass', fix: null });
    if (failed.length === 0) expect(strategy).toMatch(/^(full_docker|hybrid|fallback)$/);
  }, 240_000);

  test('an engine that is not there is a warning with its fix, and a port that is taken a failure', async () => {
    const [root, takeDown] = await newStack('examined');
    const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
    try {
      const free = await qbtc(['doctor', '--json'], root, env);
      expect(free.code, free.stdout).toBe(0);
      const { checks, strategy } = JSON.parse(free.stdout);
      expect(strategy).toBe('fallback');
      expect(checks.find(({ name }: { name: string }) => name === 'docker')).toMatchObject({
        status: 'warning',
        found: 'there is no engine at unix:///nowhere/docker.sock',
        fix: expect.stringContaining('install Docker'),
      });
      const { ports } = JSON.parse((await qbtc(['ports', '--json'], root)).stdout) as {
        ports: { name: string; port: number }[];
      };
      const port = ports.find(({ name }) => name === 'llm-api')?.port ?? 0;
      const holder = spawn(process.execPath, [
        '-e',
        `require('node:net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`,
      ]);
      await once(holder.stdout, 'data');
      const taken = await qbtc(['doctor', '--json'], root, env);
      holder.kill();
      expect(taken.code).toBe(2);
      const after = JSON.parse(taken.stdout);
      expect(after.strategy).toBeNull();
      expect(after.checks.find(({ name }: { name: string }) => name === 'ports')).toMatchObject({
        status: 'fail',
        found: expect.stringMatching(
          new RegExp(`port ${port} \\(llm-api\\) is held by node \\(pid ${holder.pid}\\)`),
        ),
        fix: expect.stringMatching(/qbtc up --port-base \d+/),
      });
    } finally {
      await takeDown();
    }
  }, 240_000);
});
