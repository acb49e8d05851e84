import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newStack } from '../support/new-stack.ts';
import { qbtc, startQbtc } from '../support/qbtc.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const { host, clock } = quietContext();

interface State {
  supervisor: { pid: number };
  processes: { name: string; pid?: number; ports: number[] }[];
}

describe('interruptions and kills', () => {
  let root: string;
  let takeDown: () => Promise<void>;
  let ports: Set<number>;

  beforeAll(async () => {
    [root, takeDown] = await newStack('shaken');
    const text = await readFile(join(root, 'qbtc.yaml'), 'utf8');
    const base = Number(/base: (\d+)/.exec(text)?.[1]);
    ports = new Set([...text.matchAll(/port: (\d+)/g)].map(([, port]) => Number(port) + base));
  });
  afterAll(() => takeDown());

  const listening = async () => (await host.listeningSockets()).filter(({ port }) => ports.has(port));
  const succeeds = async (...args: string[]) => {
    const { code, stderr } = await qbtc(args, root);
    expect(code, stderr).toBe(0);
  };
  const state = async () => JSON.parse(await readFile(join(root, '.qbtc', 'state.json'), 'utf8')) as State;

  const lock = () => existsSync(join(root, '.qbtc', 'lock'));
  /** `up` has begun its work: so long Node takes to start on a busy machine, nobody knows. */
  const begun = async ({ child }: ReturnType<typeof startQbtc>) => {
    while (!lock() && child.exitCode === null) await clock.sleep(5);
  };

  test('Ctrl-C at any moment of `up` leaves no process and no port behind', async () => {
    const nothingIsLeft = async (when: string) => {
      expect(await listening(), when).toEqual([]);
      expect(existsSync(join(root, '.qbtc', 'state.json')), when).toBe(false);
      expect(lock(), when).toBe(false);
    };
    // A very early signal meets Node before our handler.
    for (const delay of [30, 120]) {
      const { child, ended } = startQbtc(['up'], root);
      await clock.sleep(delay);
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      expect([130, -1], stderr).toContain(code);
      await nothingIsLeft(`${delay} ms after its start`);
    }
    const codes: number[] = [];
    for (const delay of [0, 100, 250, 400, 600, 900, 1_200, 1_600, 2_000, 2_500, 3_000]) {
      const up = startQbtc(['up'], root);
      await begun(up);
      await clock.sleep(delay);
      up.child.kill('SIGINT');
      const { code, stderr } = await up.ended;
      codes.push(code);
      // A late one meets an `up` that is done.
      if (code === 0) await qbtc(['down'], root);
      else expect(code, stderr).toBe(130);
      await nothingIsLeft(`${delay} ms after it began`);
    }
    process.stdout.write(`interrupted: ${codes.join(', ')}\n`);
    expect(codes.filter((code) => code === 130).length).toBeGreaterThan(3);
    await succeeds('up');
  });

  test('kill -9 of `up` itself: the next one goes on from there', async () => {
    await qbtc(['down'], root);
    for (const delay of [0, 300, 900, 1_800]) {
      const up = startQbtc(['up'], root);
      await begun(up);
      await clock.sleep(delay);
      up.child.kill('SIGKILL');
      await up.ended;
      const next = await qbtc(['up'], root);
      expect(next.code, next.stderr).toBe(0);
      await qbtc(['down'], root);
      expect(await listening(), `after ${delay} ms`).toEqual([]);
    }
  });

  test('kill -9 of the supervisor: nothing is lost, `up` takes its processes over, `down` ends them', async () => {
    await succeeds('up');
    const before = await state();
    process.kill(before.supervisor.pid, 'SIGKILL');
    // On a busy machine a part may answer its check too late once; without a supervisor nothing comes back that is gone.
    await expect
      .poll(
        async () => {
          const { supervisor, resources } = JSON.parse((await qbtc(['status', '--json'], root)).stdout) as {
            supervisor: unknown;
            resources: { state: string }[];
          };
          return [supervisor, ...resources.map(({ state }) => state)];
        },
        { timeout: 60_000 },
      )
      .toEqual([null, ...before.processes.map(() => 'active')]);

    const again = JSON.parse((await qbtc(['up', '--json'], root)).stdout) as {
      started: string[];
      strategy: string;
    };
    expect(again).toMatchObject({ started: [], strategy: 'fallback' });
    const after = await state();
    expect(after.processes.map(({ pid }) => pid)).toEqual(before.processes.map(({ pid }) => pid));

    process.kill(after.supervisor.pid, 'SIGKILL');
    await succeeds('down');
    expect(await listening()).toEqual([]);
  });

  test('kill -9 of each process in turn: it is back, and the flow passes', async () => {
    await succeeds('up');
    for (const { name } of (await state()).processes) {
      // trading-hft begins anew when the simulated exchange has: it may have another pid by now, or none for a moment.
      const pid = await vi.waitFor(async () => {
        const now = (await state()).processes.find((each) => each.name === name)?.pid;
        if (typeof now !== 'number') throw new Error(`${name} has no process at the moment`);
        process.kill(now, 'SIGKILL');
        return now;
      }, 60_000);
      const started = clock.monotonic();
      for (;;) {
        const { code, stdout } = await qbtc(['status', '--json'], root);
        const { resources } = JSON.parse(stdout) as {
          resources: { name: string; state: string; pid: number }[];
        };
        const back = resources.find((resource) => resource.name === name);
        const well = resources.every((resource) => resource.state === 'active');
        if (code === 0 && back?.pid !== pid && well) break;
        if (clock.monotonic() - started > 60_000) {
          const others = resources.filter((resource) => resource.state !== 'active');
          throw new Error(`${name} is not back: ${JSON.stringify({ code, pid, back: back?.pid, others })}`);
        }
        await clock.sleep(200);
      }
      const flow = await qbtc(['test', '--only', 'llm-plain'], root);
      expect(flow.code, `${name}: ${flow.stdout}`).toBe(0);
      process.stdout.write(
        `${name} was back and proven after ${Math.round(clock.monotonic() - started)} ms\n`,
      );
    }
    await succeeds('down', '--volumes');
  });

  test('a core that hangs: 504 in time, in the shape of OpenAI', async () => {
    await qbtc(['down', '--volumes'], root);
    const env = { LLM_DEADLINE_MS: '1500' };
    expect((await qbtc(['up'], root, env)).code).toBe(0);
    const { processes } = await state();
    const core = processes.find(({ name }) => name === 'quantum-core')?.pid ?? 0;
    const gateway = processes.find(({ name }) => name === 'gateway')?.ports[0] ?? 0;
    const key = (await qbtc(['secrets', 'get', 'test-api-key'], root)).stdout.trim();
    process.kill(core, 'SIGSTOP');
    try {
      const started = clock.monotonic();
      const answer = await fetch(`http://127.0.0.1:${gateway}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'qbtc-offline', messages: [{ role: 'user', content: 'anybody?' }] }),
      });
      const body = (await answer.json()) as { error?: { message?: string } };
      expect(answer.status).toBe(504);
      expect(body.error?.message).toEqual(expect.any(String));
      expect(clock.monotonic() - started).toBeLessThan(10_000);
      const flow = await qbtc(['test', '--only', 'llm-plain'], root, env);
      expect(flow.code).toBe(2);
      expect(flow.stdout).toMatch(/stopped at hop \d.*quantum-core/);
    } finally {
      process.kill(core, 'SIGCONT');
    }
    await qbtc(['down', '--volumes'], root);
  });

  test('a disk that is full or read-only: said before anything is started, nothing left behind', async (context) => {
    await qbtc(['down', '--volumes'], root);
    const disk = await temporaryFolder('qbtc-disk-');
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    if (mounted.status !== 0) return context.skip('no right to mount a small disk here');
    try {
      const link = join(root, '.qbtc');
      const secrets = await readFile(join(link, 'secrets.json'));
      await rm(link, { recursive: true, force: true });
      await mkdir(link);
      await writeFile(join(disk, 'filler'), Buffer.alloc(32 * 1024));
      expect(spawnSync('mount', ['--bind', disk, link]).status).toBe(0);
      try {
        await writeFile(join(link, 'secrets.json'), secrets, { mode: 0o600 });
        const { code, stderr } = await qbtc(['up'], root);
        expect(code).toBe(1);
        expect(stderr).toMatch(/the disk of .+ is full: 0\.0 MB are free/);
        expect(await listening()).toEqual([]);
        expect(spawnSync('mount', ['-o', 'remount,bind,ro', link]).status).toBe(0);
        const unwritable = await qbtc(['up'], root);
        expect(unwritable.code).toBe(1);
        expect(unwritable.stderr).toMatch(/cannot be written.+(EROFS|read-only)/s);
        expect((await qbtc(['down'], root)).code).toBe(0);
        expect(await listening()).toEqual([]);
      } finally {
        spawnSync('umount', [link]);
      }
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});
