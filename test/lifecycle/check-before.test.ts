import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
import { refusalsOf } from '../../src/embedded/gateway/judge/refusals.ts';
import type { Intent } from '../../src/lifecycle/check.ts';
import { checkBefore, lines, refuseFaulty } from '../../src/lifecycle/check-before.ts';
import type { Resource } from '../../src/model/resource.ts';
import type { Stack } from '../../src/model/stack.ts';
import { service } from '../flow/chain.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack, postgresResource } from '../support/stack.ts';

const gateway: Resource = {
  name: 'gateway',
  kind: 'apisix',
  ports: { main: 9080, admin: 9180 },
  endpoint: { url: 'http://127.0.0.1:9080', host: '127.0.0.1', port: 9080, adminKey: 'qbtc_key' },
};

async function stackOf(files: Record<string, string>, changes: (root: string) => Partial<Stack>) {
  const root = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return emptyStack(root, changes(root));
}

function intentOf(stack: Stack, given: Partial<Intent> = {}): Intent {
  const { resources, services } = stack;
  return {
    stack,
    selection: { resources, services },
    plan: undefined,
    applies: true,
    mayWrite: false,
    ...given,
  };
}

const real = quietContext();
const context: Context = {
  ...real,
  env: { PATH: '/usr/bin:/bin' },
  // What the program of the embedded gateway does, without starting it.
  exec: async (program, args, options) =>
    args[0]?.endsWith(join('gateway', 'judge', 'main.js'))
      ? {
          exitCode: 0,
          stdout: JSON.stringify(refusalsOf(JSON.parse(options?.input ?? ''))),
          stderr: '',
          notFound: false,
          timedOut: false,
        }
      : real.exec(program, args, options),
};
const found = async (stack: Stack, given: Partial<Intent> = {}) =>
  (await checkBefore(context, intentOf(stack, given))).map(({ code, severity, message, fix }) => ({
    code,
    severity,
    message,
    fix,
  }));

describe('before anything is started', () => {
  test('a sound stack has nothing to say', async () => {
    const stack = await stackOf({ 'a/main.ts': 'export const x = 1;\n' }, (root) => ({
      services: [
        service('a', 8000, { path: join(root, 'a'), entry: 'main.ts' }),
        service('b', 8001, { path: root, command: ['sh', '-c', 'true'] }),
      ],
    }));
    expect(await found(stack)).toEqual([]);
  });

  test('a program that is not there is told with the near one', async () => {
    const stack = await stackOf({ 'run.sh': '#!/bin/sh\n', 'plain.sh': '' }, (root) => ({
      services: ['grpe', './rnu.sh', './plain.sh', './bin', 'no-such-program-anywhere'].map(
        (program, index) => service(`s${index}`, 8000 + index, { path: root, command: [program] }),
      ),
    }));
    await chmod(join(stack.root, 'run.sh'), 0o755);
    await mkdir(join(stack.root, 'bin'));
    expect((await found(stack)).map(({ message, fix }) => [message, fix])).toEqual([
      ['found "grpe", which no folder of PATH has; did you mean "grep"?', 'write grep'],
      ['found "./rnu.sh", which does not exist; did you mean "./run.sh"?', 'write ./run.sh'],
      ['found "./plain.sh", which is no program that may be run', expect.any(String)],
      ['found "./bin", which is no program that may be run', expect.any(String)],
      [expect.stringContaining('"no-such-program-anywhere", which no folder'), expect.any(String)],
    ]);
  });

  test('packages that nobody has installed are one line with the command, and not forty of the bundler', async () => {
    for (const [lock, command] of [
      ['package-lock.json', 'npm ci'],
      ['yarn.lock', 'yarn install'],
      ['none', 'npm install'],
    ] as const) {
      const stack = await stackOf(
        {
          'package.json': '\uFEFF{"dependencies": {"fastify": "^5"}}',
          [lock]: '{}',
          'a/main.ts': "import 'fastify';\n",
        },
        (root) => ({ services: [service('a', 8000, { path: join(root, 'a'), entry: 'main.ts' })] }),
      );
      expect(await found(stack)).toEqual([
        expect.objectContaining({ code: 'DEPENDENCIES_MISSING', severity: 'error', fix: command }),
      ]);
      await mkdir(join(stack.root, 'node_modules'));
      expect((await found(stack)).map(({ code }) => code)).toEqual(['BUNDLE_FAILED']);
    }
  });

  test('packages of workspaces are installed once, where the lock file stands', async () => {
    const stack = await stackOf(
      {
        'package.json': '{"workspaces": ["packages/*"]}',
        'package-lock.json': '{}',
        'packages/a/package.json': '{"dependencies": {"x": "^1"}}',
        'packages/b/package.json': '{"dependencies": {"x": "^1"}}',
      },
      (root) => ({
        services: ['a', 'b'].map((name, at) =>
          service(name, 8000 + at, { path: join(root, 'packages', name), command: ['node', 'a.js'] }),
        ),
      }),
    );
    expect((await found(stack)).filter(({ code }) => code === 'DEPENDENCIES_MISSING')).toEqual([
      expect.objectContaining({ fix: 'npm ci' }),
    ]);
  });

  test('a workspace that the lock file does not have is said, and no reason not to start', async () => {
    const stack = await stackOf(
      {
        'package.json': '{"workspaces": ["services/*"]}',
        'services/a/package.json': '{"name": "a", "dependencies": {"x": "^1"}}',
        'services/b/package.json': '{"name": "b", "dependencies": {"x": "^2"}}',
        'services/c/package.json': '{"name": "c", "dependencies": {"x": "^1"}}',
        'package-lock.json':
          '{"packages": {"services/b": {"dependencies": {"x": "^1"}}, "services/c": {"dependencies": {"x": "^1"}}}}',
      },
      () => ({}),
    );
    const findings = await checkBefore(context, intentOf(stack));
    expect(findings.map(({ code, severity, subject }) => [code, severity, subject])).toEqual([
      ['LOCK_FILE_BEHIND', 'warning', 'services/a/package.json'],
      ['LOCK_FILE_BEHIND', 'warning', 'services/b/package.json'],
    ]);
    expect(() => refuseFaulty(findings)).not.toThrow();
  });

  test('code, topology, flows, contracts and migrations are read, and all faults told at once', async () => {
    const stack = await stackOf(
      {
        'a/main.ts': 'const x = ;\n',
        'topology.yaml': 'exchanges: [{nam: x}]\n',
        'flow.yaml': 'steps: no\n',
        'event-schemas/x.json': '{"title": }',
        'migrations/V1__init.sql': '',
      },
      (root) => ({
        services: [service('a', 8000, { path: join(root, 'a'), entry: 'main.ts' })],
        resources: [{ ...postgresResource(5432), migrations: [join(root, 'migrations')] }],
        topologyFiles: [join(root, 'topology.yaml')],
        contractFolders: [join(root, 'event-schemas')],
        flowFiles: [join(root, 'flow.yaml')],
      }),
    );
    const findings = await checkBefore(context, intentOf(stack));
    const codes = [
      'BUNDLE_FAILED',
      'FLOW_INVALID',
      'MIGRATIONS_FOREIGN',
      'SCHEMA_INVALID',
      'TOPOLOGY_INVALID',
    ];
    expect(findings.map(({ code }) => code).sort()).toEqual(codes);
    expect(() => refuseFaulty(findings)).toThrow(
      expect.objectContaining({
        code: 'START_REFUSED',
        message: '5 things stand in the way of the start; nothing was started',
        details: expect.arrayContaining([
          expect.stringMatching(/^ {2}a\/main\.ts:1:11: /),
          expect.stringMatching(/^ {2}.*topology\.yaml:1:13 /),
          expect.stringContaining('V1__init.sql: a name of Flyway'),
        ]),
      }),
    );
    // What is not applied is not looked at.
    expect((await found(stack, { applies: false })).map(({ code }) => code)).toEqual(['BUNDLE_FAILED']);
  });

  test('the only fault is told as it was thrown', async () => {
    const stack = await stackOf({ 'topology.yaml': 'exchanges: 5\n' }, (root) => ({
      topologyFiles: [join(root, 'topology.yaml')],
    }));
    const findings = await checkBefore(context, intentOf(stack));
    expect(() => refuseFaulty(findings)).toThrow(expect.objectContaining({ code: 'TOPOLOGY_INVALID' }));
    expect(findings.flatMap(lines)[0]).toContain('topology.yaml has a mistake');
  });

  test('plugins that the gateway will not have are told with the near one', async () => {
    const stack = await stackOf({}, () => ({
      resources: [gateway],
      gateway: {
        consumers: [],
        objects: [],
        locate: () => ({ file: 'gateway.yaml', line: 3, column: 5 }),
      },
      services: [
        service('a', 8000, {
          command: ['sh'],
          routes: ['key-aut', 'wolf-rbac', 'our-own-thing'].map((plugin) => ({
            name: plugin,
            uris: [`/${plugin}`],
            plugins: { [plugin]: {} },
          })) as never,
        }),
      ],
    }));
    const severities = async (provider: 'embedded' | 'docker' | 'external') => {
      const choice = { resource: 'gateway', provider, reason: '', loss: '' };
      const plan = { strategy: 'hybrid' as const, choices: [choice], services: [] };
      const findings = await checkBefore(context, intentOf(stack, { plan }));
      return findings
        .filter(({ code }) => code.includes('plugin') || code === 'not-embedded')
        .map(({ code, severity, message }) => [code, severity, /"([^"]+)"/.exec(message)?.[1]]);
    };
    expect(await severities('external')).toEqual([
      ['unknown-plugin', 'error', 'key-aut'],
      ['unknown-plugin', 'warning', 'our-own-thing'],
    ]);
    expect(await severities('embedded')).toEqual([
      ['unknown-plugin', 'error', 'key-aut'],
      ['unknown-plugin', 'error', 'our-own-thing'],
      ['not-embedded', 'error', 'wolf-rbac'],
    ]);
  });

  test('fields that the gateway will not have are told with their place', async () => {
    const stack = await stackOf({}, () => ({
      resources: [gateway],
      gateway: {
        consumers: [],
        objects: [],
        locate: (_, id, path = []) => ({ file: `${id} ${path.join('.')}`, line: 1, column: 1 }),
      },
      services: [
        service('a', 8000, {
          command: ['sh'],
          routes: [
            {
              name: 'r',
              uri: '/r',
              filter_func: 'function(vars) return true end',
              plugins: { 'limit-count': { count: 0 }, echo: {} },
            },
          ] as never,
        }),
      ],
    }));
    const choice = { resource: 'gateway', provider: 'embedded' as const, reason: '', loss: '' };
    const plan = { strategy: 'hybrid' as const, choices: [choice], services: [] };
    const findings = await checkBefore(context, intentOf(stack, { plan }));
    expect(findings.map(({ code, place, message }) => [code, place?.file, message])).toEqual([
      [
        'refused',
        expect.stringMatching(/-r plugins\.limit-count\.count$/),
        expect.stringContaining('limit-count'),
      ],
      [
        'not-embedded',
        expect.stringMatching(/-r plugins\.echo$/),
        expect.stringContaining('"echo" is not available'),
      ],
      ['not-embedded', expect.stringMatching(/-r filter_func$/), expect.stringContaining('filter_func')],
    ]);
  });
});
