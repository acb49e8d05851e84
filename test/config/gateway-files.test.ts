import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadStack } from '../../src/config/load.ts';
import type { QbtcError } from '../../src/errors.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const STACK =
  'version: 1\nname: acme\nsecrets: [key]\ngateway:\n  upstreams:\n    - id: own\n      nodes: {}\n';

async function load(files: Record<string, string>, text = STACK, env: Record<string, string> = {}) {
  const root = await temporaryFolder();
  await mkdir(join(root, 'infrastructure', 'apisix_conf'), { recursive: true });
  await writeFile(join(root, 'qbtc.yaml'), text);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(root, 'infrastructure', 'apisix_conf', name), content);
  }
  const options = { file: join(root, 'qbtc.yaml'), cwd: root, env, qbtcVersion: '0.1.0' };
  return { root, stack: await loadStack({ ...options, secrets: { key: 'the-key' } }) };
}

const mistakes = (files: Record<string, string>) =>
  load(files).then(
    () => [],
    (error: QbtcError) => [error.message, ...error.details],
  );

describe('gateway files', () => {
  test('add to what qbtc.yaml declares, references filled in, and each object knows its place', async () => {
    const { stack } = await load({
      'config.yaml': 'deployment: {}\n',
      'config-standalone.yaml': 'deployment: {}\n',
      'more.yaml':
        'routes:\n  - id: r\n    uri: /r\n    plugins:\n      key-auth: {}\n      limit-count: { count: 1 }\nconsumers:\n  - username: app\n    credentials:\n      - id: c\n        plugins: { key-auth: { key: "${secrets.key}" } }\n',
    });
    expect(stack.gateway.objects).toEqual([
      { kind: 'upstream', id: 'own', object: { nodes: {} } },
      {
        kind: 'route',
        id: 'r',
        object: { uri: '/r', plugins: { 'key-auth': {}, 'limit-count': { count: 1 } } },
      },
    ]);
    expect(stack.gateway.consumers[0]?.credentials?.[0]?.plugins).toEqual({ 'key-auth': { key: 'the-key' } });
    const file = 'infrastructure/apisix_conf/more.yaml';
    const { locate } = stack.gateway;
    expect(locate('upstream', 'own')).toEqual({ file: 'qbtc.yaml', line: 6, column: 7 });
    expect(locate('route', 'r')).toEqual({ file, line: 2, column: 5 });
    expect(locate('route', 'r', ['plugins', 'limit-count', 'count'])).toEqual({ file, line: 6, column: 29 });
    // A field that is not there: the nearest thing around it.
    expect(locate('route', 'r', ['plugins', 'key-auth', 'nowhere'])).toEqual({ file, line: 5, column: 7 });
    expect(locate('credential', 'app/c')).toEqual({ file, line: 10, column: 9 });
    expect(locate('route', 'unknown')).toBeUndefined();
  });

  test('tell every mistake with its file and place', async () => {
    expect(
      await mistakes({
        'a.yaml': 'route: []\n',
        'b.yaml': 'routes:\n\t- id: r\n',
        'c.yaml': '<<<<<<< ours\nroutes: []\n',
        'd.yaml': 'routes:\n  - uri: /r\n  - { id: "a b" }\n  - { id: c, uri: "${secrets.kee}" }\n',
        'e.yaml': '',
      }),
    ).toEqual([
      expect.stringMatching(
        /a\.yaml and .*b\.yaml and .*c\.yaml and .*d\.yaml and .*e\.yaml have 6 mistakes$/,
      ),
      'infrastructure/apisix_conf/a.yaml:1:1 route: found the unknown key "route", expected one of upstreams, services, routes, stream_routes, plugin_configs, consumer_groups, global_rules, plugin_metadata, ssls, protos, secrets or consumers; did you mean "routes"?',
      'infrastructure/apisix_conf/b.yaml:2:1: found a tab, expected spaces as indentation',
      'infrastructure/apisix_conf/c.yaml:1:1: found the mark of a merge conflict "<<<<<<<", expected the conflict resolved',
      'infrastructure/apisix_conf/d.yaml:3:11 routes[1].id: found "a b", expected an id of letters, digits, _ . and -, at most 64',
      'infrastructure/apisix_conf/d.yaml:4:20 routes[2].uri: found ${secrets.kee}, which "secrets" does not declare, expected one of key; did you mean "key"?',
      'infrastructure/apisix_conf/e.yaml:1:1: found an empty file, expected a mapping that starts with lists such as "routes:"',
    ]);
  });

  test('are read as APISIX reads its standalone file', async () => {
    const { stack } = await load(
      {
        'apisix.yaml': `x-limit: &limit
  limit-count: { count: 5, time_window: 60 }
plugins:
  - name: limit-count
routes_conf_version: 4
routes:
  - uri: /v1/*
    upstream:
      nodes: { "\${{HOST}}:\${{PORT:=8080}}": 1 }
    plugins: { <<: *limit }
    modifiedIndex: 3
  - uri: /v1/*
    priority: \${{PRIORITY}}
    service_id: 7
  - id: 1
    name: Two words
    uri: /b
    plugins: { proxy-rewrite: { regex_uri: ["^/b/(.*)", "/\${1}"] } }
services:
  - { id: 7, upstream: { nodes: {} } }
upstreams:
global_rules: {}
protos:
  - { id: 1, content: "syntax" }
secrets:
  - { id: vault/1, uri: "http://127.0.0.1:8200", prefix: kv, token: t }
stream_routes:
  - { server_port: 9100, upstream: { nodes: {} } }
consumers:
  - { username: app, group_id: 3 }
  - { id: app/credentials/one, name: One, plugins: { key-auth: { key: "\${{KEY}}" } } }
consumer_groups:
  - { id: 3, plugins: {} }
#END
`,
      },
      STACK,
      { HOST: 'web', PRIORITY: '10', KEY: '1234' },
    );
    expect(stack.gateway.objects.slice(1)).toEqual([
      { kind: 'service', id: '7', object: { upstream: { nodes: {} } } },
      {
        kind: 'route',
        id: 'v1-any',
        object: {
          uri: '/v1/*',
          upstream: { nodes: { 'web:8080': 1 } },
          plugins: { 'limit-count': { count: 5, time_window: 60 } },
        },
      },
      { kind: 'route', id: 'v1-any-2', object: { uri: '/v1/*', priority: 10, service_id: 7 } },
      {
        kind: 'route',
        id: '1',
        object: {
          name: 'Two words',
          uri: '/b',
          plugins: { 'proxy-rewrite': { regex_uri: ['^/b/(.*)', '/${1}'] } },
        },
      },
      { kind: 'stream_route', id: '9100', object: { server_port: 9100, upstream: { nodes: {} } } },
      { kind: 'consumer_group', id: '3', object: { plugins: {} } },
      { kind: 'proto', id: '1', object: { content: 'syntax' } },
      { kind: 'secret', id: 'vault/1', object: { uri: 'http://127.0.0.1:8200', prefix: 'kv', token: 't' } },
    ]);
    expect(stack.gateway.consumers).toEqual([
      {
        username: 'app',
        group_id: '3',
        credentials: [{ id: 'one', name: 'One', plugins: { 'key-auth': { key: '1234' } } }],
      },
    ]);
  });

  test('a large one is read faster the second time, from what is kept, and no secret is kept', async () => {
    const many = Array.from(
      { length: 300 },
      (_, index) => `  - { id: r${index}, uri: "/r/${index}", desc: "\${secrets.key}" }`,
    );
    const { root, stack } = await load({ 'many.yaml': `routes:\n${many.join('\n')}\n` });
    expect(stack.gateway.objects).toHaveLength(301);
    const [name = ''] = await readdir(join(root, '.qbtc', '.parsed'));
    const { readFile } = await import('node:fs/promises');
    const kept = await readFile(join(root, '.qbtc', '.parsed', name), 'utf8');
    expect(kept).not.toContain('the-key');
    const options = { file: join(root, 'qbtc.yaml'), cwd: root, env: {}, qbtcVersion: '0.1.0' };
    const again = await loadStack({ ...options, secrets: { key: 'the-key' } });
    expect(again.gateway.objects).toEqual(stack.gateway.objects);
    expect(again.gateway.locate('route', 'r7', ['uri'])).toMatchObject({ line: 9 });
  });
});
