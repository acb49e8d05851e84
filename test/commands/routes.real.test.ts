import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newCoreStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';

describe('routes and consumers of a running stack', () => {
  let root = '';
  let takeDown = async () => {};
  let gateway = '';
  const extra = () => join(root, 'infrastructure', 'apisix_conf', 'extra.yaml');
  const route = (id: string, rest: string) =>
    `  - id: ${id}\n    uri: /${id}\n    upstream: { type: roundrobin, nodes: { "127.0.0.1:1": 1 } }\n${rest}`;
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await qbtc([...args, '--json'], root);
    return { code, ...(JSON.parse(stdout || '{}') as Record<string, never>), stderr };
  };

  beforeAll(async () => {
    [root, takeDown] = await newCoreStack('routed');
    const up = await qbtc(['up'], root);
    expect(up.code, up.stderr).toBe(0);
    const stack = await openStackAt(root);
    gateway = stack.resources.find(({ kind }) => kind === 'apisix')?.endpoint.url ?? '';
  });
  afterAll(() => takeDown());

  test('diff says nothing, then what a file adds, with exit code 2', async () => {
    expect((await qbtc(['routes', 'diff'], root)).code).toBe(0);
    await writeFile(extra(), `routes:\n${route('more', '    plugins: { key-auth: {} }\n')}`);
    const diff = await qbtc(['routes', 'diff', '--json'], root);
    expect(diff.code).toBe(2);
    expect(JSON.parse(diff.stdout).changes).toMatchObject([
      { action: 'create', kind: 'route', name: 'more' },
    ]);
    const github = await qbtc(['routes', 'diff', '--github'], root);
    expect(github.stdout).toContain('::warning title=qbtc drift::create route more');
    expect((await qbtc(['routes', 'sync'], root)).code).toBe(0);
    expect((await qbtc(['routes', 'diff'], root)).code).toBe(0);
  });

  test('a bad plugin: its file and line, what else is declared is done, exit code 3', async () => {
    const bad = route('bad', '    plugins:\n      limit-count: { count: -1, time_window: 1 }\n');
    await writeFile(extra(), `routes:\n${route('more', '')}${bad}`);
    const validated = await json('routes', 'validate');
    expect(validated).toMatchObject({
      code: 2,
      findings: [{ subject: 'route bad', place: { line: 9 }, message: expect.stringContaining('count') }],
    });
    const synced = await qbtc(['routes', 'sync', '--github'], root);
    expect(synced.code).toBe(3);
    expect(synced.stdout).toContain(
      '::error title=qbtc routes sync,file=infrastructure/apisix_conf/extra.yaml,line=9',
    );
    expect(synced.stdout).toContain('property "count" validation failed');
    const again = await qbtc(['routes', 'sync', '--json', '--atomic'], root);
    expect(again.code).toBe(1);
    await writeFile(extra(), '{}\n');
    expect((await qbtc(['routes', 'sync', '--prune'], root)).code).toBe(0);
  });

  test('a missing gateway, wrong usage, and files that cannot be read are told', async () => {
    expect((await qbtc(['routes', 'sync', '--concurrency', '0'], root)).code).toBe(64);
    await writeFile(extra(), 'routes:\n\t- id: x\n');
    const tab = await qbtc(['routes', 'lint', '--github'], root);
    expect(tab.code).toBe(1);
    expect(tab.stdout + tab.stderr).toContain(
      'file=infrastructure/apisix_conf/extra.yaml,line=2,col=1::found a tab',
    );
    await writeFile(extra(), '{}\n');
    expect((await qbtc(['routes', 'explain', 'GET', 'no url'], root)).stderr).toContain('"no url" is no URL');
  });

  test('explain names the route that answers', async () => {
    const answer = await json('routes', 'explain', 'POST', `${gateway}/v1/chat/completions`);
    expect(answer).toMatchObject({ code: 0, answer: { id: 'routed-llm-chat' } });
    expect((await qbtc(['routes', 'explain', 'GET', '/nowhere'], root)).code).toBe(2);
  });

  test('list, lint, and a proof of what was changed', async () => {
    const { stdout } = await qbtc(['routes', 'list'], root);
    expect(stdout).toMatch(/\/v1\/chat\/completions {2}POST OPTIONS\n.*routed-llm-chat/);
    expect((await qbtc(['routes', 'lint'], root)).code).toBe(0);
    await writeFile(
      extra(),
      `routes:\n${route('lacking', '    plugins: { key-auth: {}, wolf-rbac: {} }\n')}`,
    );
    expect(await json('routes', 'lint')).toMatchObject({
      code: 2,
      findings: [{ code: 'not-embedded', severity: 'error', place: { line: 5 } }],
    });
    await writeFile(extra(), '{}\n');
    const file = join(root, 'qbtc.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text.replace('- name: llm-models\n', '- name: llm-models\n        desc: the models\n'),
    );
    const proven = await json('routes', 'sync', '--prove');
    expect(proven).toMatchObject({
      code: 0,
      answers: [{ route: 'routed-llm-models', status: 200, answered: true }],
    });
    await writeFile(file, text);
    expect((await qbtc(['routes', 'sync'], root)).code).toBe(0);
  });

  test('a dump holds no secret, and is what sync reads', async () => {
    const out = join(root, 'dump.yaml');
    expect((await qbtc(['routes', 'dump', '--out', out], root)).code).toBe(0);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const text = await readFile(out, 'utf8');
    for (const secret of Object.values((await openStackAt(root)).secrets)) expect(text).not.toContain(secret);
    expect((await qbtc(['routes', 'dump', '--out', out], root)).stderr).toContain('is there already');
    // The same objects, declared twice: each second one is named.
    await writeFile(extra(), text);
    expect((await qbtc(['routes', 'diff'], root)).stderr).toContain(
      'would both be the route routed-llm-chat',
    );
    await writeFile(extra(), '{}\n');
  });

  test('a consumer that is added gets in, keeps its old key when it is rotated, and is out when it is revoked', async () => {
    const models = async (key: string) =>
      (await fetch(`${gateway}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status;
    const added = await qbtc(['consumers', 'add', 'alice', '--limit', '1000', '--json'], root);
    expect(added.code, added.stderr).toBe(0);
    const { key } = JSON.parse(added.stdout) as { key: string };
    expect((await stat(join(root, '.qbtc', 'consumers.json'))).mode & 0o777).toBe(0o600);
    expect(await models(key)).toBe(200);
    expect((await qbtc(['consumers', 'add', 'alice'], root)).stderr).toContain(
      'has a consumer alice already',
    );
    const listed = await qbtc(['consumers', 'list', '--json'], root);
    expect(listed.stdout).not.toContain(key);
    expect(JSON.parse(listed.stdout).consumers).toMatchObject([
      { username: 'app', source: 'declared' },
      { username: 'test', source: 'declared' },
      { username: 'limited', source: 'declared' },
      { username: 'alice', source: 'command', credentials: 2, limit: '1000 requests in 60 s' },
    ]);
    const rotated = JSON.parse(
      (await qbtc(['consumers', 'rotate', 'alice', '--overlap', '--json'], root)).stdout,
    );
    expect([await models(rotated.key), await models(key)]).toEqual([200, 200]);
    expect((await qbtc(['consumers', 'revoke', 'alice', '--previous'], root)).code).toBe(0);
    expect([await models(rotated.key), await models(key)]).toEqual([200, 401]);
    expect((await qbtc(['routes', 'diff', '--prune'], root)).code).toBe(0);
    expect((await qbtc(['consumers', 'revoke', 'alise'], root)).stderr).toContain('did you mean alice?');
    expect((await qbtc(['consumers', 'revoke', 'app'], root)).stderr).toContain('is declared in the stack');
    expect((await qbtc(['consumers', 'revoke', 'alice'], root)).code).toBe(0);
    expect(await models(rotated.key)).toBe(401);
  });

  test('a consumer that is added while the gateway is away is brought there by the next sync', async () => {
    expect((await qbtc(['stop', 'gateway'], root)).code).toBe(0);
    const added = await qbtc(['consumers', 'add', 'bob', '--json'], root);
    expect(added.code).toBe(3);
    const { key, failed } = JSON.parse(added.stdout) as { key: string; failed: string[] };
    expect(failed[0]).toContain('cannot be reached');
    expect((await qbtc(['routes', 'diff'], root)).code).toBe(1);
    expect((await qbtc(['up'], root)).code).toBe(0);
    const { status } = await fetch(`${gateway}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(status).toBe(200);
  });

  test('requests are logged with who asked, in lines that `logs` reads', async () => {
    await fetch(`${gateway}/v1/models`, { headers: { 'x-correlation-id': 'logged-one' } });
    await expect
      .poll(
        async () => (await qbtc(['logs', 'gateway', '--correlation', 'logged-one', '--json'], root)).stdout,
      )
      .toContain('GET /v1/models HTTP/1.1');
  });
});
