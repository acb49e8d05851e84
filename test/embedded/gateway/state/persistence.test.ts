import { appendFile, chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway } from '../support/gateway.ts';

describe('a gateway with a data folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'qbtc-gateway-')), 'data');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

  const route = (uri: string) => ({ uri, upstream: { nodes: { '127.0.0.1:1': 1 } } });
  const consumer = { username: 'jack', plugins: { 'key-auth': { key: 'the-key-of-jack' } } };

  it('has all resources, times and revisions again after a restart', async () => {
    const first = await startTestGateway({ dataFolder: folder });
    await first.admin('PUT', '/routes/a', route('/a'));
    await first.admin('PUT', '/routes/b', route('/b'));
    await first.admin('PUT', '/consumers', consumer);
    await first.admin('PUT', '/consumers/jack/credentials/c', {
      plugins: { 'key-auth': { key: 'another-key' } },
    });
    await first.admin('DELETE', '/routes/b');
    const before = (await first.admin('GET', '/routes')).body;
    await first.close();

    const second = await startTestGateway({ dataFolder: folder });
    expect((await second.admin('GET', '/routes')).body).toBe(before);
    expect(JSON.parse((await second.admin('GET', '/consumers/jack')).body)).toMatchObject({
      value: consumer,
    });
    expect((await second.admin('GET', '/consumers/jack/credentials/c')).body).toContain('another-key');
    const next = JSON.parse((await second.admin('PUT', '/routes/c', route('/c'))).body) as {
      value: { id: string };
    };
    expect(next.value.id).toBe('c');
    const indexes = JSON.parse((await second.admin('GET', '/routes')).body) as {
      list: { createdIndex: number }[];
    };
    expect(new Set(indexes.list.map((each) => each.createdIndex)).size).toBe(2);
    await second.close();
  });

  it('writes secrets only sealed, in files that nobody else can read', async () => {
    const gateway = await startTestGateway({ dataFolder: folder });
    const put = await gateway.admin('PUT', '/consumers', consumer);
    await gateway.close();
    expect(put.body).not.toContain('the-key-of-jack');
    const path = join(folder, 'state.jsonl');
    expect(await readFile(path, 'utf8')).not.toContain('the-key-of-jack');
    for (const file of [path, join(folder, 'keyring')]) expect((await stat(file)).mode & 0o077).toBe(0);
  });

  it('drops the change that a crash cut off', async () => {
    const first = await startTestGateway({ dataFolder: folder });
    await first.admin('PUT', '/routes/a', route('/a'));
    await first.close();
    await appendFile(join(folder, 'state.jsonl'), '{"put":{"collection":"routes","id":"torn","va');
    const second = await startTestGateway({ dataFolder: folder });
    expect(JSON.parse((await second.admin('GET', '/routes')).body)).toMatchObject({ total: 1 });
    await second.admin('PUT', '/routes/b', route('/b'));
    await second.close();
    const third = await startTestGateway({ dataFolder: folder });
    expect(JSON.parse((await third.admin('GET', '/routes')).body)).toMatchObject({ total: 2 });
    await third.close();
  });

  it('names the folder when the state cannot be read', async () => {
    const gateway = await startTestGateway({ dataFolder: folder });
    await gateway.admin('PUT', '/consumers', consumer);
    await gateway.close();
    await rm(join(folder, 'keyring'));
    await expect(startTestGateway({ dataFolder: folder })).rejects.toMatchObject({
      code: 'GATEWAY_STATE_UNREADABLE',
      message: expect.stringContaining(folder),
      hint: expect.stringContaining('routes sync'),
    });
    await chmod(folder, 0o700);
  });
});
