import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { applyRoutes, planRoutes } from '../../../src/gateway/index.ts';
import { reachContext } from '../../support/context.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';
import { stackWith } from '../stacks.ts';

const context = reachContext();
const LABELS = { 'managed-by': 'qbtc', 'qbtc-stack': 'acme' };

async function stacks(text?: string) {
  const root = await temporaryFolder();
  const file = join(root, 'apisix.yaml');
  if (text !== undefined) await writeFile(file, text, { mode: 0o640 });
  const stackOf = (more: Parameters<typeof stackWith>[0]) =>
    stackWith({
      name: 'acme',
      root,
      admin: { url: 'http://x', key: '', mode: 'standalone-file', file },
      ...more,
    });
  const sync = async (
    stack: ReturnType<typeof stackOf>,
    options: { prune?: boolean; atomic?: boolean } = {},
  ) => applyRoutes(context, stack, await planRoutes(context, stack, options), options);
  return { file, stackOf, sync };
}

describe('the file of a standalone APISIX', () => {
  test('is written whole, with its end mark, and read back without drift', async () => {
    const { file, stackOf, sync } = await stacks();
    const stack = stackOf({
      services: [
        { name: 'api', port: 8000, routes: [{ name: 'r', uri: '/r', plugins: { 'key-auth': {} } }] },
      ],
      consumers: [{ username: 'app', plugins: { 'key-auth': { key: 'the-key' } } }],
      objects: [{ kind: 'global_rule', id: 'g', object: { plugins: { 'request-id': {} } } }],
    });
    expect((await sync(stack)).every(({ status }) => status === 'done')).toBe(true);
    const text = await readFile(file, 'utf8');
    expect(text.endsWith('\n#END\n')).toBe(true);
    expect(parse(text)).toEqual({
      upstreams: [
        { name: 'api', type: 'roundrobin', nodes: { '127.0.0.1:8000': 1 }, labels: LABELS, id: 'acme-api' },
      ],
      consumers: [{ username: 'app', plugins: { 'key-auth': { key: 'the-key' } }, labels: LABELS }],
      routes: [
        {
          name: 'r',
          uri: '/r',
          plugins: { 'key-auth': {} },
          upstream_id: 'acme-api',
          labels: LABELS,
          id: 'acme-r',
        },
      ],
      global_rules: [{ plugins: { 'request-id': {} }, id: 'g' }],
    });
    expect((await planRoutes(context, stack, { prune: true })).changes).toEqual([]);
    expect((await sync(stackOf({}), { prune: true })).every(({ status }) => status === 'done')).toBe(true);
    expect(parse(await readFile(file, 'utf8'))).toEqual({
      upstreams: [],
      consumers: [],
      routes: [],
      global_rules: [],
    });
  });

  test('keeps the comments and items of others, and the mode of the file', async () => {
    const theirs =
      '# by hand\nroutes:\n  # theirs\n  - id: theirs\n    uri: /theirs # kept\n    upstream_id: u\nprotos:\n  - id: p\n    content: x\n#END\n';
    const { file, stackOf, sync } = await stacks(theirs);
    await sync(stackOf({ services: [{ name: 'api', port: 1, routes: [{ name: 'r', uri: '/r' }] }] }));
    const text = await readFile(file, 'utf8');
    for (const kept of ['# by hand', '# theirs', 'uri: /theirs # kept', 'content: x', 'id: acme-r'])
      expect(text).toContain(kept);
    expect(text.match(/#END/g)).toHaveLength(1);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    await sync(stackOf({}), { prune: true });
    expect(parse(await readFile(file, 'utf8')).routes).toEqual([
      { id: 'theirs', uri: '/theirs', upstream_id: 'u' },
    ]);
  });

  test('checks the references that APISIX does not, and with --atomic writes nothing then', async () => {
    const { file, stackOf, sync } = await stacks();
    const stack = stackOf({
      objects: [
        { kind: 'route', id: 'good', object: { uri: '/g', upstream: {} } },
        { kind: 'route', id: 'lost', object: { uri: '/l', upstream_id: 'nowhere' } },
      ],
    });
    expect((await sync(stack, { atomic: true })).map(({ status }) => status)).toEqual(['skipped', 'failed']);
    await expect(stat(file)).rejects.toThrow();
    expect((await sync(stack)).map(({ status, reason }) => [status, reason])).toEqual([
      ['done', undefined],
      ['failed', 'it refers to upstream nowhere, which is not there'],
    ]);
  });

  test('takes no credentials, and says what to do instead', async () => {
    const { stackOf, sync } = await stacks();
    const consumers = [
      { username: 'app', credentials: [{ id: 'k', plugins: { 'key-auth': { key: 'the-key' } } }] },
    ];
    const outcomes = await sync(stackOf({ consumers }));
    expect(outcomes.map(({ change, status }) => [change.kind, status])).toEqual([
      ['consumer', 'done'],
      ['credential', 'failed'],
    ]);
    expect(outcomes[1]?.reason).toContain('give the consumer its key in `plugins`');
  });

  test('is not touched when it is no YAML', async () => {
    const { file, stackOf, sync } = await stacks('routes:\n  - uri: [\n#END\n');
    await expect(sync(stackOf({}))).rejects.toMatchObject({
      code: 'GATEWAY_FILE_BROKEN',
      message: expect.stringMatching(/apisix\.yaml:\d+:\d+ /),
    });
    expect(await readFile(file, 'utf8')).toBe('routes:\n  - uri: [\n#END\n');
  });
});
