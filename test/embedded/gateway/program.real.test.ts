import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CONFIGURATION_VARIABLE } from '../../../src/embedded/program.ts';
import { ADMIN_KEY } from './support/gateway.ts';
import { exchange } from './support/http.ts';

const PROGRAM = fileURLToPath(new URL('../../../dist/src/embedded/gateway/main.js', import.meta.url));

describe('the gateway as a program', () => {
  let folder: string;
  let child: ChildProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qbtc-gateway-'));
  });
  afterEach(async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<{ child: ChildProcess; port: number; adminPort: number }> {
    const configuration = {
      host: '127.0.0.1',
      port: 0,
      adminPort: 0,
      adminKey: ADMIN_KEY,
      dataFolder: folder,
    };
    const started = spawn(process.execPath, [PROGRAM], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { [CONFIGURATION_VARIABLE]: JSON.stringify(configuration) },
    });
    child = started;
    const [line] = (await once(started.stdout, 'data')) as [Buffer];
    const { context } = JSON.parse(String(line).split('\n')[0] ?? '') as {
      context: { port: number; adminPort: number };
    };
    return { child: started, ...context };
  }

  const put = (adminPort: number, id: string) =>
    exchange(`http://127.0.0.1:${adminPort}/apisix/admin/routes/${id}`, {
      method: 'PUT',
      headers: { 'X-API-KEY': ADMIN_KEY },
      body: JSON.stringify({ uri: `/${id}`, upstream: { nodes: { '127.0.0.1:1': 1 } } }),
    });

  it('loses nothing that it has acknowledged when it is killed', async () => {
    const first = await start();
    const acknowledged: string[] = [];
    const writing = Array.from({ length: 4 }, async (_, writer) => {
      for (let i = 0; ; i++) {
        const id = `w${writer}-${i}`;
        if ((await put(first.adminPort, id)).status === 201) acknowledged.push(id);
        if (acknowledged.length === 60) first.child.kill('SIGKILL');
      }
    });
    await Promise.allSettled(writing);
    const second = await start();
    const list = await exchange(`http://127.0.0.1:${second.adminPort}/apisix/admin/routes`, {
      headers: { 'X-API-KEY': ADMIN_KEY },
    });
    const kept = new Set(
      (JSON.parse(list.body) as { list: { value: { id: string } }[] }).list.map(({ value }) => value.id),
    );
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  });

  it('ends with 0 on SIGTERM', async () => {
    const { child: running, adminPort } = await start();
    expect((await exchange(`http://127.0.0.1:${adminPort}/status/ready`)).body).toBe('{"status":"ok"}\n');
    running.kill('SIGTERM');
    expect(await once(running, 'exit')).toEqual([0, null]);
  });
});
