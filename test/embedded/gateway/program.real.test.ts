import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayProgram, startGatewayProgram } from './support/program.ts';

describe('the gateway as a program', () => {
  let folder: string;
  let program: GatewayProgram | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qbtc-gateway-'));
  });
  afterEach(async () => {
    await program?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<GatewayProgram> {
    program = await startGatewayProgram({ dataFolder: folder });
    return program;
  }

  const put = (gateway: GatewayProgram, id: string) =>
    gateway.admin('PUT', `/routes/${id}`, { uri: `/${id}`, upstream: { nodes: { '127.0.0.1:1': 1 } } });

  it('loses nothing that it has acknowledged when it is killed', async () => {
    const first = await start();
    const acknowledged: string[] = [];
    const writing = Array.from({ length: 4 }, async (_, writer) => {
      for (let i = 0; ; i++) {
        const id = `w${writer}-${i}`;
        if ((await put(first, id)).status === 201) acknowledged.push(id);
        if (acknowledged.length === 60) first.child.kill('SIGKILL');
      }
    });
    await Promise.allSettled(writing);
    const second = await start();
    const list = await second.admin('GET', '/routes');
    const kept = new Set(
      (JSON.parse(list.body) as { list: { value: { id: string } }[] }).list.map(({ value }) => value.id),
    );
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  });

  it('ends with 0 on SIGTERM', async () => {
    const { child: running, told } = await start();
    expect(await told('/status/ready')).toBe('{"status":"ok"}\n');
    running.kill('SIGTERM');
    expect(await once(running, 'exit')).toEqual([0, null]);
  });
});
