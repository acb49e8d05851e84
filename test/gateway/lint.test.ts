import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { lintGateway } from '../../src/gateway/lint/index.ts';
import { emptyState } from '../../src/gateway/state.ts';
import {
  GATEWAY_KINDS,
  type GatewayKind,
  type GatewayObject,
  type GatewayState,
} from '../../src/model/gateway.ts';

function stateOf(objects: Partial<Record<GatewayKind, Record<string, GatewayObject>>>): GatewayState {
  const state = emptyState();
  for (const kind of GATEWAY_KINDS) {
    for (const [id, object] of Object.entries(objects[kind] ?? {})) state[kind].set(id, object);
  }
  return state;
}

const KEY = { 'key-auth': {} };
const found = (objects: Parameters<typeof stateOf>[0]) =>
  lintGateway(stateOf(objects), { gateway: { consumers: [], objects: [], locate: () => undefined } }).map(
    ({ code, subject }) => `${code} ${subject}`,
  );

describe('lintGateway', () => {
  const cases: [string, Parameters<typeof stateOf>[0], string[]][] = [
    ['nothing to say', { route: { a: { uri: '/a', plugins: KEY } } }, []],
    [
      'two routes that nothing tells apart',
      { route: { a: { uri: '/x', plugins: KEY }, b: { uris: ['/y', '/x'], plugins: KEY } } },
      ['duplicate-uri route b'],
    ],
    [
      'the same URI for other methods, hosts, or conditions',
      {
        route: {
          a: { uri: '/x', methods: ['GET', 'OPTIONS'], plugins: KEY },
          b: { uri: '/x', methods: ['POST', 'OPTIONS'], plugins: KEY },
          c: { uri: '/x', host: 'a.example', priority: 1, plugins: KEY },
          d: { uri: '/x', methods: ['GET'], vars: [['arg_a', '==', '1']], plugins: KEY },
        },
      },
      [],
    ],
    [
      'a route that never gets a request',
      {
        route: {
          a: { uri: '/x', priority: 2, plugins: KEY },
          b: { uri: '/x', methods: ['GET'], plugins: KEY },
        },
      },
      ['shadowed-uri route b'],
    ],
    [
      'a higher one that leaves some methods',
      {
        route: {
          a: { uri: '/x', priority: 2, methods: ['GET'], plugins: KEY },
          b: { uri: '/x', plugins: KEY },
        },
      },
      [],
    ],
    [
      'a host beside any',
      {
        route: {
          a: { uri: '/x', plugins: KEY },
          b: { uri: '/x', host: 'b.example', plugins: KEY },
          c: { uri: '/x', host: 'c.example', priority: 1, plugins: KEY },
        },
      },
      ['host-beside-any route b'],
    ],
    [
      'a host beside any for the same methods, by the service, or beside a wildcard',
      {
        service: { s: { hosts: ['S.example'] } },
        route: {
          a: { uri: '/x', methods: ['GET'], plugins: KEY },
          b: { uri: '/x', methods: ['GET', 'PUT'], service_id: 's', plugins: KEY },
          c: { uri: '/x', methods: ['POST'], host: 'c.example', plugins: KEY },
          d: { uri: '/y', host: '*.example', plugins: KEY },
          e: { uri: '/y', hosts: ['d.example'], plugins: KEY },
          f: { uri: '/y', hosts: ['f.other'], plugins: KEY },
        },
      },
      ['host-beside-any route b', 'host-beside-any route e'],
    ],
    [
      'URIs that no path matches',
      {
        route: {
          a: { uris: ['/a', 'a', '/a//b', '/a?b=1', '/a%20b', '/(a/:x', '/infix/*/cities'], plugins: KEY },
        },
      },
      Array.from({ length: 5 }, () => 'unreachable-uri route a'),
    ],
    [
      'URIs whose end is not looked at',
      { route: { a: { uris: ['/a*b', '/v1/x:y', '/a/*', '/a*', '/a/:b', '/a/*/b'], plugins: KEY } } },
      ['loose-uri route a', 'loose-uri route a'],
    ],
    [
      'hosts that no request is for',
      {
        service: { s: { hosts: ['http://a.example'] } },
        route: {
          a: {
            uri: '/a',
            hosts: ['a.example.', 'a.*.example', 'A.example', '*.b', 'c:80', '*'],
            plugins: KEY,
          },
          b: { uri: '/b', host: '[::1]', plugins: KEY },
        },
      },
      ['unreachable-host service s', 'unreachable-host route a', 'unreachable-host route a'],
    ],
    [
      'vars that no gateway understands',
      {
        route: {
          a: { uri: '/a', vars: ['arg_a', '==', '1'], plugins: KEY },
          b: { uri: '/b', vars: [['arg_a', '===', '1']], plugins: KEY },
          c: { uri: '/c', vars: [['uri_param_id', '==', '1']], plugins: KEY },
          d: { uri: '/d', vars: [['arg_a', '~~', '(']], plugins: KEY },
          e: { uri: '/e', plugins: { 'key-auth': { _meta: { filter: [['arg_a']] } } } },
          f: { uri: '/f', vars: [['arg_a', '1']], plugins: KEY },
        },
      },
      ['a', 'b', 'c', 'd', 'e'].map((id) => `invalid-vars route ${id}`),
    ],
    ['anybody may call', { route: { a: { uri: '/a' } } }, ['no-authentication route a']],
    [
      'asked by the service, the plugin config, or for all',
      {
        service: { s: { plugins: KEY } },
        plugin_config: { p: { plugins: KEY } },
        route: { a: { uri: '/a', service_id: 's' }, b: { uri: '/b', plugin_config_id: 'p' } },
      },
      [],
    ],
    [
      'several nodes, no checks',
      { upstream: { u: { nodes: { a: 1, b: 1 } } } },
      ['no-health-check upstream u'],
    ],
    [
      'one node, or checks',
      { upstream: { u: { nodes: { a: 1 } }, v: { nodes: { a: 1, b: 1 }, checks: {} } } },
      [],
    ],
    [
      'a limit by consumer where nobody asks who it is',
      {
        route: {
          a: { uri: '/a', plugins: { 'ip-restriction': {}, 'limit-count': { key: 'consumer_name' } } },
        },
      },
      ['limit-never-applies route a'],
    ],
    [
      'a limit that is switched off',
      { route: { a: { uri: '/a', plugins: { ...KEY, 'limit-req': { _meta: { disable: true } } } } } },
      ['limit-never-applies route a'],
    ],
    [
      'names that nobody knows',
      {
        route: { a: { uri: '/a', plugins: { 'key-aut': {}, ...KEY }, upstream_id: 'nowhere' } },
        plugin_metadata: { 'file-loger': {} },
      },
      ['unknown-plugin plugin_metadata file-loger', 'unknown-plugin route a', 'dangling-reference route a'],
    ],
  ];
  it.each(cases)('%s', (_, objects, expected) => {
    expect(found(objects)).toEqual(expected);
  });

  it('says what a name was meant to be', () => {
    const [finding] = lintGateway(
      stateOf({ route: { a: { uri: '/a', plugins: { ...KEY, 'limit-coutn': {} } } } }),
      {
        gateway: { consumers: [], objects: [], locate: () => ({ file: 'qbtc.yaml', line: 3, column: 7 }) },
      },
    );
    expect(finding).toMatchObject({
      message: 'there is no plugin "limit-coutn"; did you mean "limit-count"?',
      place: { file: 'qbtc.yaml', line: 3, column: 7 },
    });
  });

  it('each rule is documented by its code', async () => {
    const docs = await readFile(new URL('../../docs/routes.md', import.meta.url), 'utf8');
    const { RULES } = await import('../../src/gateway/lint/index.ts');
    for (const { code } of RULES) expect(docs).toContain(`\`${code}\``);
  });
});
