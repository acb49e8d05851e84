import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openStack } from '../../src/config/load.ts';
import { replaceSecrets } from '../../src/config/secrets.ts';
import { desiredGateway } from '../../src/gateway/index.ts';
import { exportRoutes } from '../../src/import/export.ts';
import { FORMATS } from '../../src/import/formats/index.ts';
import { readRoutes } from '../../src/import/read-routes.ts';
import { planRouteImport } from '../../src/import/routes.ts';
import type { ExportFormat, ImportFormat } from '../../src/model/import.ts';
import type { Stack } from '../../src/model/stack.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const STACK = `# Mine.
version: 1
name: acme
secrets: [api-key]
services:
  web: # the first
    path: web
    command: [node, web.js]
    port: 8000
`;

/** A stack of these files; \`qbtc.yaml\` is STACK when left out. */
async function stackOf(files: Record<string, string> = {}): Promise<Stack> {
  const root = await temporaryFolder();
  await mkdir(join(root, 'web'));
  for (const [name, text] of Object.entries({ 'qbtc.yaml': STACK, ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return reload(root);
}

const ENV = { HOST: 'away.example' };
const reload = (root: string) =>
  openStack({ file: join(root, 'qbtc.yaml'), cwd: root, env: ENV, qbtcVersion: '0.1.0' });

async function planned(stack: Stack, format: ImportFormat, text: string, into?: string) {
  const { format: reader } = await FORMATS[format]();
  const imported = reader.read({ shown: 'other.yaml', text }, {});
  const where = into === undefined ? {} : { into: join(stack.root, into) };
  return planRouteImport(stack, imported, { source: 'other.yaml', env: ENV, cwd: stack.root, ...where });
}

const namesOf = ({ changes }: Awaited<ReturnType<typeof planned>>) =>
  changes.map(
    ({ action, kind, name, reason }) =>
      `${action} ${kind} ${name}${reason === undefined ? '' : ` (${reason})`}`,
  );
const inStack = (stack: Stack, file: string) => readFile(join(stack.root, file), 'utf8');

const APISIX = `routes:
  - uri: /hello
    name: Hello World
    upstream: { type: roundrobin, retries: 2, nodes: { "web:3000": 1 } }
  - id: 2
    uri: /away/*
    upstream_id: 1
    plugins:
      proxy-rewrite: { regex_uri: ["^/away/(.*)", "/\${1}"] }
      openid-connect: { client_id: me, client_secret: "very-secret-value", discovery: "https://\${x}" }
  - id: odd
    uri: /odd
    script: "return 1"
    upstream: { nodes: { "127.0.0.1:8000": 1 } }
  - { id: a b, uri: /c }
services: []
upstreams:
  - { id: 1, type: roundrobin, scheme: https, nodes: { "\${{HOST}}:443": 1 } }
  - { id: local, nodes: [{ host: localhost, port: 8000, weight: 1 }] }
consumers:
  - username: app
    plugins: { key-auth: { key: "plain-key-of-app" } }
  - { id: app/credentials/one, name: one, plugins: { basic-auth: { username: me, password: plain-key-of-one } } }
plugins:
  - name: key-auth
route: []
#END
`;

describe('the standalone file of APISIX', () => {
  test('goes to the services and to a gateway file; secrets go to the secrets, and what cannot come is named', async () => {
    const stack = await stackOf();
    const plan = await planned(stack, 'apisix', APISIX);
    expect(namesOf(plan)).toEqual([
      'create upstream 1 (infrastructure/apisix_conf/other.yaml)',
      'create route acme-hello-world (services.web.routes)',
      'create route 2 (infrastructure/apisix_conf/other.yaml)',
      'create route odd (infrastructure/apisix_conf/other.yaml)',
      'create consumer app (infrastructure/apisix_conf/other.yaml)',
    ]);
    expect(plan.losses.map(({ place, field, reason }) => `${place.line} ${field}: ${reason}`)).toEqual([
      '2 route hello-world: upstream.retries: the service web of the stack stands for this upstream, and sets that itself',
      '15 routes[3].id: it is left out: expected an id of letters, digits, _ . and -, at most 64',
      '25 plugins: which plugins APISIX loads stands in its config.yaml here',
      '26 route: a gateway holds no list of this name',
    ]);
    expect(plan.files.map(({ file, isNew }) => [file, isNew])).toEqual([
      ['infrastructure/apisix_conf/other.yaml', true],
      ['qbtc.yaml', false],
    ]);
    await plan.apply();
    expect(await inStack(stack, 'qbtc.yaml')).toBe(
      `# Mine.
version: 1
name: acme
secrets: [api-key, client-secret, app-key, app-password]
services:
  web: # the first
    path: web
    command: [node, web.js]
    port: 8000
    routes:
      - { name: hello-world, uri: /hello }
`,
    );
    const text = await inStack(stack, 'infrastructure/apisix_conf/other.yaml');
    expect(text).not.toMatch(/very-secret|plain-key/);
    const after = await reload(stack.root);
    const { route, upstream, consumer } = desiredGateway(after);
    expect(route.get('acme-hello-world')).toMatchObject({ uri: '/hello', upstream_id: 'acme-web' });
    expect(route.get('odd')).toMatchObject({ upstream_id: 'acme-web', script: 'return 1' });
    expect(route.get('2')?.plugins).toEqual({
      'proxy-rewrite': { regex_uri: ['^/away/(.*)', '/${1}'] },
      'openid-connect': { client_id: 'me', client_secret: 'very-secret-value', discovery: 'https://${x}' },
    });
    expect(upstream.get('1')?.nodes).toEqual({ 'away.example:443': 1 });
    expect(consumer.get('app')?.plugins).toEqual({ 'key-auth': { key: 'plain-key-of-app' } });
    const again = await planned(after, 'apisix', APISIX);
    expect([again.changes, again.files]).toEqual([[], []]);
  });

  test('changes what its own file declares, and leaves what another one does', async () => {
    const stack = await stackOf({
      'infrastructure/apisix_conf/other.yaml': '# Ours.\nroutes:\n  - { id: a, uri: /old } # kept\n',
      'infrastructure/apisix_conf/more.yaml': 'routes:\n  - { id: b, uri: /old }\n',
    });
    const plan = await planned(
      stack,
      'apisix',
      'routes:\n  - { id: a, uri: /new }\n  - { id: b, uri: /new }\n',
    );
    expect(plan.changes).toMatchObject([
      { action: 'update', kind: 'route', name: 'a' },
      {
        action: 'update',
        kind: 'route',
        name: 'b',
        blocked: 'infrastructure/apisix_conf/more.yaml:2 declares it otherwise',
      },
    ]);
    await plan.apply();
    expect(await inStack(stack, 'infrastructure/apisix_conf/other.yaml')).toBe(
      '# Ours.\nroutes:\n  - { id: a, uri: /new } # kept\n',
    );
  });

  test('a file that no pattern matches is named in qbtc.yaml', async () => {
    const stack = await stackOf();
    const plan = await planned(
      stack,
      'apisix',
      'routes:\n  - { id: a, uri: /a, upstream: { nodes: {} } }\n',
      'edge/a.yaml',
    );
    await plan.apply();
    const after = await reload(stack.root);
    expect(after.gateway.objects.map(({ id }) => id)).toEqual(['a']);
  });

  test('a service with a file of its own gets its routes there', async () => {
    const stack = await stackOf({
      'qbtc.yaml': 'version: 1\nname: acme\ninclude: [web/service.yaml]\n',
      'web/service.yaml':
        '# Web.\ncommand: [node, web.js]\nport: 8000\nroutes:\n  - name: one\n    uri: /one\n',
    });
    const plan = await planned(
      stack,
      'apisix',
      'routes:\n  - { id: two, uri: /two, upstream: { nodes: { "web:80": 1 } } }\n',
    );
    await plan.apply();
    expect(await inStack(stack, 'web/service.yaml')).toBe(
      '# Web.\ncommand: [node, web.js]\nport: 8000\nroutes:\n  - name: one\n    uri: /one\n  - { name: two, uri: /two }\n',
    );
  });
});

const word = fc.stringMatching(/^[a-z][a-z0-9_.]{0,8}$/);
/** Now and then the same as an id. */
const title = fc.oneof(word, fc.constantFrom('a', 'b'));
const text = fc.oneof(
  word,
  fc.constantFrom('a: b', '#', '$remote_addr', '1', 'true', '^/(.*)', 'ü', '"', '- x', ''),
);
const plugins = fc.dictionary(
  fc.constantFrom('key-auth', 'limit-count', 'cors', 'proxy-rewrite'),
  fc.dictionary(
    word,
    fc.oneof(text, fc.nat(), fc.boolean(), fc.array(text, { minLength: 1, maxLength: 3 })),
    { maxKeys: 3 },
  ),
  { maxKeys: 2 },
);
const upstream = fc
  .record(
    {
      nodes: fc.uniqueArray(fc.tuple(word, fc.integer({ min: 1, max: 65535 }), fc.nat(9)), {
        selector: ([host, port]) => `${host}:${port}`,
        minLength: 1,
        maxLength: 3,
      }),
      type: fc.constantFrom('roundrobin', 'chash', 'least_conn'),
      scheme: fc.constantFrom('http', 'https', 'grpc'),
      retries: fc.nat(5),
      desc: word,
    },
    { requiredKeys: ['nodes'] },
  )
  .map(({ nodes, ...rest }) => ({
    ...rest,
    nodes: Object.fromEntries(nodes.map(([host, port, weight]) => [`${host}:${port}`, weight])),
  }));
const named = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.uniqueArray(
    fc.tuple(fc.oneof(fc.constantFrom('a', 'b'), fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/)), arbitrary),
    {
      selector: ([id]) => id,
      maxLength: 4,
    },
  );

/** What a gateway file can say, and both forms can hold. */
const lists = fc
  .record({
    upstreams: named(upstream),
    services: named(
      fc.record(
        { plugins, hosts: fc.constant(['a.example']), name: title, target: fc.nat(), upstream },
        { requiredKeys: ['target'] },
      ),
    ),
    routes: named(
      fc.record(
        {
          uri: fc.constantFrom('/a', '/a/*', '/'),
          hosts: fc.constant(['b.example', 'c.example']),
          methods: fc.constant(['GET', 'POST']),
          priority: fc.integer({ min: 1, max: 9 }),
          plugins,
          name: title,
          desc: text.filter((each) => each !== ''),
          target: fc.nat(),
          kind: fc.constantFrom('service', 'upstream', 'inline', 'none'),
          upstream,
        },
        { requiredKeys: ['uri', 'target', 'kind', 'upstream'] },
      ),
    ),
    consumers: named(
      fc.record(
        { desc: word, plugins, credentials: named(fc.record({ name: title, key: word })) },
        { requiredKeys: ['credentials'] },
      ),
    ),
    rules: fc.uniqueArray(fc.constantFrom('prometheus', 'cors'), { maxLength: 2 }),
  })
  .map(({ upstreams, services, routes, consumers, rules }) => {
    const pick = (all: [string, unknown][], at: number) => all[at % Math.max(all.length, 1)]?.[0];
    return {
      upstreams: upstreams.map(([id, each]) => ({ id, ...each })),
      services: services.map(([id, { target, upstream: own, ...each }]) => {
        const chosen = pick(upstreams, target);
        return {
          id,
          ...each,
          ...(own === undefined ? (chosen === undefined ? {} : { upstream_id: chosen }) : { upstream: own }),
        };
      }),
      routes: routes.map(([id, { target, kind, upstream: own, ...each }]) => {
        const service = kind === 'service' ? pick(services, target) : undefined;
        const chosen = kind === 'upstream' ? pick(upstreams, target) : undefined;
        if (service !== undefined) return { id, ...each, service_id: service };
        if (chosen !== undefined) return { id, ...each, upstream_id: chosen };
        return { id, ...each, ...(kind === 'inline' ? { upstream: own } : {}) };
      }),
      consumers: consumers.map(([username, { credentials, ...each }]) => ({
        username,
        ...each,
        credentials: credentials.map(([id, { name, key }]) => ({
          id,
          ...(name === undefined ? {} : { name }),
          plugins: { 'key-auth': { key } },
        })),
      })),
      global_rules: rules.map((id) => ({ id, plugins: { [id]: {} } })),
    };
  });

test('an OpenAPI document of a service gives it its routes, once', async () => {
  const stack = await stackOf();
  const text = JSON.stringify({
    openapi: '3.0.0',
    info: { title: 'Web' },
    paths: { '/a': { get: { operationId: 'getA' } }, '/a/{id}': { get: {}, put: {} } },
  });
  const imported = await readRoutes('openapi', { shown: 'web.json', text }, { upstream: 'acme-web' });
  const plan = (of: Stack) => planRouteImport(of, imported, { source: 'web.json', env: {}, cwd: of.root });
  const first = await plan(stack);
  await first.apply();
  expect(await inStack(stack, 'qbtc.yaml')).toBe(`${STACK}    routes:
      - { name: get-a, uri: /a, methods: [GET] }
      - { name: a-id, uri: /a/*, vars: [[uri, ~~, "^/a/[^/]+$"]], methods: [GET, PUT] }
`);
  expect((await plan(await reload(stack.root))).changes).toEqual([]);
});

describe.each(['apisix', 'adc'] as const satisfies ExportFormat[])('what is exported as %s', (format) => {
  test('comes back as it was: nothing into the same stack, all of it into another', async () => {
    await fc.assert(
      fc.asyncProperty(lists, async (declared) => {
        const stack = await stackOf({ 'infrastructure/apisix_conf/a.yaml': JSON.stringify(declared) });
        const exported = await exportRoutes(stack, format);
        expect(exported.losses).toEqual([]);
        const same = await planned(stack, format, exported.text);
        expect([same.changes, same.losses]).toEqual([[], []]);

        const other = await stackOf();
        const all = await planned(other, format, exported.text);
        expect(all.changes).toHaveLength(
          exported.objects - declared.consumers.flatMap((each) => each.credentials).length,
        );
        await all.apply();
        const again = await planned(await reload(other.root), format, exported.text);
        expect([again.changes, again.losses]).toEqual([[], []]);
      }),
      { numRuns: 4 },
    );
  }, 240_000);

  test('holds no secret of the stack: a variable stands for each, and is that secret again', async () => {
    const stack = await stackOf({
      'infrastructure/apisix_conf/a.yaml':
        'consumers:\n  - { username: app, plugins: { key-auth: { key: "Bearer ${secrets.api-key}" } } }\n',
    });
    const exported = await exportRoutes(stack, format);
    expect(exported.variables).toEqual(['SECRET_API_KEY']);
    expect(exported.text).toContain('SECRET_API_KEY');
    expect(exported.text).not.toContain(stack.secrets['api-key']);
    const { changes, losses } = await planned(stack, format, exported.text);
    expect([changes, losses]).toEqual([[], []]);
  });

  test('holds no short secret either', async () => {
    const { root } = await stackOf({
      'infrastructure/apisix_conf/a.yaml':
        'consumers:\n  - { username: app, plugins: { key-auth: { key: "${secrets.api-key}" } } }\n',
    });
    await replaceSecrets(root, { 'api-key': 'k3y' });
    const { text, variables } = await exportRoutes(await reload(root), format);
    expect(variables).toEqual(['SECRET_API_KEY']);
    expect(text).not.toContain('k3y');
  });
});
