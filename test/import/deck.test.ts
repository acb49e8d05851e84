import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { patternPath, plainPaths } from '../../src/import/kong-paths.ts';
import { readRoutes } from '../../src/import/read-routes.ts';
import { anything } from './anything.ts';

const read = (text: string) => readRoutes('deck', { shown: 'kong.yaml', text });

const KONG = `_format_version: "3.0"
services:
  - name: users
    url: http://users.internal:8080/v1
    read_timeout: 5000
    tags: [a]
    routes:
      - name: users-all
        paths: [/users, "~/u/\\\\d+$"]
        methods: [GET]
        headers: { X-Version: [v1, v2] }
      - name: users-raw
        paths: [/raw]
        strip_path: false
        preserve_host: true
        protocols: [https]
    plugins:
      - name: rate-limiting
        config: { minute: 5, hour: 100, policy: redis, redis: { host: cache, port: 6379 }, limit_by: ip, fault_tolerant: true, odd: 1 }
      - name: key-auth
        enabled: false
        config: { key_names: [apikey], hide_credentials: true }
  - name: reports
    host: reports.upstream
    protocol: https
    routes: [{ paths: [/reports] }]
upstreams:
  - name: reports.upstream
    algorithm: consistent-hashing
    hash_on: header
    hash_on_header: X-User
    targets: [{ target: "10.0.0.1:443", weight: 10 }, { target: 10.0.0.2 }]
    healthchecks: { active: { http_path: /up, healthy: { interval: 5, successes: 2 } } }
  - { name: unused, targets: [] }
consumers:
  - username: anna maria
    keyauth_credentials:
      - key: \${{ env "DECK_KEY" }}
    acls: [{ group: staff }]
  - username: bob
    basicauth_credentials: [{ username: bob, password: da39a3ee5e6b4b0d3255bfef95601890afd80709 }]
    hmacauth_credentials: [{ username: bob, secret: s }]
plugins:
  - { name: cors, config: { origins: ["https://a.example"], credentials: true, max_age: 60 } }
  - { name: acl, service: reports, config: { allow: [staff] } }
  - { name: pre-function, route: { name: users-raw }, config: { access: ["return 1"] } }
  - { name: prometheus, service: nowhere }
  - { name: prometheus, consumer_group: gold }
certificates:
  - { cert: c, key: k, snis: [{ name: a.example }] }
consumer_groups: [{ name: gold }]
`;

describe("a file of Kong's decK", () => {
  test('becomes objects of APISIX that do the same', async () => {
    const { objects } = await read(KONG);
    const of = (kind: string, id: string) =>
      objects.find((each) => each.kind === kind && each.id === id)?.object;
    expect(objects.map(({ kind, id }) => `${kind} ${id}`)).toEqual(
      [
        'upstream users',
        'service users',
        'upstream users-keeps-host',
        'route users-all',
        'route users-all-2',
        'route users-raw',
        'upstream reports',
        'service reports',
        'route reports-1',
        'consumer anna_maria',
        'credential anna_maria/key-auth-1',
        'consumer bob',
        'ssl a.example',
        'global_rule cors',
      ].sort(
        (a, b) =>
          objects.findIndex((each) => `${each.kind} ${each.id}` === a) -
          objects.findIndex((each) => `${each.kind} ${each.id}` === b),
      ),
    );
    expect(of('upstream', 'users')).toEqual({
      name: 'users',
      type: 'roundrobin',
      nodes: { 'users.internal:8080': 1 },
      timeout: { connect: 60, send: 60, read: 5 },
      pass_host: 'node',
    });
    expect(of('service', 'users')?.plugins).toEqual({
      'limit-count': {
        count: 5,
        time_window: 60,
        key_type: 'var',
        key: 'remote_addr',
        rejected_code: 429,
        allow_degradation: true,
        policy: 'redis',
        redis_host: 'cache',
        redis_port: 6379,
      },
      'key-auth': { header: 'apikey', query: 'apikey', hide_credentials: true, _meta: { disable: true } },
    });
    const version = ['http_x_version', '~*', '^(?:v1|v2)$'];
    expect(of('route', 'users-all')).toEqual({
      name: 'users-all',
      uri: '/users*',
      methods: ['GET'],
      service_id: 'users',
      vars: [version],
      plugins: { 'proxy-rewrite': { regex_uri: ['^(?:/users)/?(.*)$', '/v1/$1'] } },
    });
    expect(of('route', 'users-all-2')).toMatchObject({
      uri: '/u/*',
      vars: [['uri', '~~', '^/u/\\d+$'], version],
      priority: 1,
    });
    expect(of('route', 'users-raw')).toMatchObject({ upstream_id: 'users-keeps-host', service_id: 'users' });
    expect(of('upstream', 'users-keeps-host')).toMatchObject({ pass_host: 'pass' });
    expect(of('upstream', 'reports')).toEqual({
      name: 'reports',
      type: 'chash',
      hash_on: 'header',
      key: 'http_x_user',
      scheme: 'https',
      nodes: { '10.0.0.1:443': 10, '10.0.0.2:8000': 100 },
      pass_host: 'node',
      checks: {
        active: { http_path: '/up', healthy: { interval: 5, successes: 2 }, unhealthy: { interval: 1 } },
      },
    });
    expect(of('service', 'reports')?.plugins).toEqual({
      'consumer-restriction': { type: 'consumer_name', whitelist: ['anna_maria'] },
    });
    expect(of('credential', 'anna_maria/key-auth-1')?.plugins).toEqual({
      'key-auth': { key: '${DECK_KEY}' },
    });
    expect(of('global_rule', 'cors')?.plugins).toMatchObject({
      cors: { allow_origins: 'https://a.example', allow_credential: true, max_age: 60 },
    });
  });

  test('names everything that does not go over, with the nearest plugin', async () => {
    const { losses } = await read(KONG);
    expect(
      losses.map(({ field, instead }) => (instead === undefined ? field : `${field} → ${instead}`)).sort(),
    ).toEqual([
      'consumer_groups',
      'consumers[0].username',
      'consumers[1].basicauth_credentials[0]',
      'consumers[1].hmacauth_credentials → hmac-auth',
      'plugins[1].config → consumer groups, and consumer-restriction by consumer_group_id',
      'plugins[2] → serverless-pre-function',
      'plugins[3]',
      'plugins[4]',
      'services[0].plugins[0].config.hour',
      'services[0].plugins[0].config.odd',
      'services[0].routes[1].protocols → redirect: { http_to_https: true }',
      'services[0].tags → labels',
      'upstreams[1]',
    ]);
    expect(losses.every(({ place }) => place.file === 'kong.yaml' && place.line > 1)).toBe(true);
  });

  test('of anything ends nothing', async () => {
    await fc.assert(
      fc.asyncProperty(anything, fc.array(anything), async (item, items) => {
        const part = {
          name: 'a',
          routes: items,
          plugins: items,
          paths: item,
          headers: item,
          acls: items,
          snis: items,
          targets: items,
        };
        const lists = ['services', 'routes', 'upstreams', 'plugins', 'consumers', 'certificates'];
        const config = { name: 'rate-limiting', config: item };
        await read(
          JSON.stringify({
            _format_version: '3.0',
            ...Object.fromEntries(lists.map((list) => [list, [part, config, ...items]])),
          }),
        );
        await read(
          JSON.stringify({
            _format_version: '3.0',
            ...Object.fromEntries(lists.map((list) => [list, item])),
          }),
        );
      }),
    );
  });
});

const path = fc
  .stringMatching(/^(\/[a-z.]{1,3}){0,3}\/?$/)
  .map((text) => (text.startsWith('/') ? text : `/${text}`))
  // A gateway resolves these before it looks for a route.
  .filter((text) => !/\/\.{1,2}(\/|$)/.test(text));

test('a plain path of Kong takes what begins with it, and its service gets the rest', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(path, { minLength: 1, maxLength: 3 }),
      path,
      fc.constantFrom('', '/v1'),
      (paths, asked, before) => {
        const { uris, rewrite } = plainPaths(paths, true, before);
        const takes = uris.some((uri) => asked.startsWith(uri.slice(0, -1)));
        expect(takes).toBe(paths.some((each) => asked.startsWith(each)));
        if (!takes || rewrite === undefined) return;
        const [pattern, template] = rewrite.regex_uri;
        const longest =
          [...paths].sort((a, b) => b.length - a.length).find((each) => asked.startsWith(each)) ?? '';
        const bare = longest.replace(/\/+$/, '');
        const rest = asked.slice(bare.length).replace(/^\//, '');
        const sent = asked.replace(new RegExp(pattern), template);
        if (paths.every((each) => each !== '/')) expect(sent).toBe(`${before}/${rest}`);
      },
    ),
  );
});

test('a pattern of Kong is looked for from the beginning, and taken off where it has no groups', () => {
  expect(patternPath('~/a/\\d+$', true, '/v1')).toEqual({
    uris: ['/a/*'],
    vars: [['uri', '~~', '^/a/\\d+$']],
    rewrite: { regex_uri: ['^(?:/a/\\d+)/?(.*)$', '/v1/$1'] },
  });
  expect(patternPath('~/ab?(c)', true, '')).toEqual({ uris: ['/a*'], vars: [['uri', '~~', '^/ab?(c)']] });
});

test.each([
  ['with an expression', 'expression: http.path == "/a"'],
  ['of nothing', 'strip_path: true'],
])('a route %s is left out, and does not take all requests', async (_, said) => {
  const { objects, losses } = await read(`routes:\n  - name: r\n    ${said}\n`);
  expect(objects).toEqual([]);
  expect(losses).toContainEqual(
    expect.objectContaining({ field: 'routes[0]', reason: expect.stringContaining('left out') }),
  );
});

test('hosts with a star at the end are a condition, as APISIX takes one at the beginning alone', async () => {
  const { objects, losses } = await read(
    'routes:\n  - name: r\n    paths: [/]\n    hosts: ["a.*", "*.b.example", "c.example"]\n',
  );
  expect(losses.filter(({ field }) => field.includes('hosts'))).toEqual([]);
  const [route] = objects.filter(({ kind }) => kind === 'route');
  expect(route?.object).not.toHaveProperty('hosts');
  expect(route?.object.vars).toEqual([['host', '~*', '^(?:a\\..+|.+\\.b\\.example|c\\.example)$']]);
});
