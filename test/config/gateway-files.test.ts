import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadStack } from '../../src/config/load.ts';
import type { QbtcError } from '../../src/errors.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const STACK =
  'version: 1\nname: acme\nsecrets: [key]\ngateway:\n  upstreams:\n    - id: own\n      nodes: {}\n';

async function load(files: Record<string, string>, text = STACK) {
  const root = await temporaryFolder();
  await mkdir(join(root, 'infrastructure', 'apisix_conf'), { recursive: true });
  await writeFile(join(root, 'qbtc.yaml'), text);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(root, 'infrastructure', 'apisix_conf', name), content);
  }
  const options = { file: join(root, 'qbtc.yaml'), cwd: root, env: {}, qbtcVersion: '0.1.0' };
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
        /a\.yaml and .*b\.yaml and .*c\.yaml and .*d\.yaml and .*e\.yaml have 7 mistakes$/,
      ),
      'infrastructure/apisix_conf/a.yaml:1:1 route: found the unknown key "route", expected one of upstreams, services, routes, plugin_configs, global_rules, plugin_metadata, ssls or consumers; did you mean "routes"?',
      'infrastructure/apisix_conf/b.yaml:2:1: found a tab, expected spaces as indentation',
      'infrastructure/apisix_conf/c.yaml:1:1: found the mark of a merge conflict "<<<<<<<", expected the conflict resolved',
      'infrastructure/apisix_conf/d.yaml:2:5 routes[0].id: found nothing, expected text (in quotes where it looks like something else)',
      'infrastructure/apisix_conf/d.yaml:3:11 routes[1].id: found "a b", expected an id of letters, digits, _ . and -, at most 64',
      'infrastructure/apisix_conf/d.yaml:4:20 routes[2].uri: found ${secrets.kee}, which "secrets" does not declare, expected one of key; did you mean "key"?',
      'infrastructure/apisix_conf/e.yaml:1:1: found an empty file, expected a mapping that starts with lists such as "routes:"',
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
