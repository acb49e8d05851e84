import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readCommands } from '../../src/config/commands.ts';
import { openStack } from '../../src/config/load.ts';
import type { QbtcError } from '../../src/errors.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const STACK = `version: 1
name: small
include: services/*/service.yaml
infrastructure:
  broker: { kind: rabbitmq }
  database: { kind: postgres, migrations: migrations }
topology: topology.yaml
flows: flows/*.yaml
services:
  core:
    path: core
    entry: main.ts
    port: 8001
`;
const TRADING = `entry: src/main.ts
port: 8400
depends_on: [core]
database: { resource: database, schema: trading }
env:
  VERSION: 1.10
  KEY: \${secrets.control-key}
secrets: [control-key]
commands:
  trade: { description: trades, entry: src/cli.ts }
topology: topology.yaml
migrations: migrations
contracts: events
flows: [flows/*.yaml]
routes:
  - { name: trading, uri: /trading }
`;

async function stackOf(files: Record<string, string> = {}) {
  const root = await temporaryFolder();
  const all = {
    'qbtc.yaml': STACK,
    'topology.yaml': '',
    'migrations/0001_a.sql': '',
    'flows/a.yaml': '',
    'core/main.ts': '',
    'services/trading/service.yaml': TRADING,
    'services/trading/src/main.ts': '',
    'services/trading/src/cli.ts': '',
    'services/trading/topology.yaml': '',
    'services/trading/migrations/0002_b.sql': '',
    'services/trading/events/traded.json': '{}',
    'services/trading/flows/b.yaml': '',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const open = (root: string) =>
  openStack({ file: join(root, 'qbtc.yaml'), cwd: root, env: {}, qbtcVersion: '0.1.0' });
const mistakes = async (files: Record<string, string>) => {
  const root = await stackOf(files);
  const error = await open(root).then(
    () => undefined,
    (thrown: QbtcError) => thrown,
  );
  return { message: error?.message, details: error?.details ?? [] };
};

test('a service file is a service of the stack, with paths from its own folder', async () => {
  const root = await stackOf();
  const stack = await open(root);
  const [core, trading] = stack.services;
  expect(core?.name).toBe('core');
  expect(trading).toMatchObject({
    name: 'trading',
    path: join(root, 'services/trading'),
    entry: 'src/main.ts',
    dependsOn: ['core'],
    env: { VERSION: '1.10', KEY: stack.secrets['control-key'] },
  });
  expect(stack.includedFiles).toEqual([join(root, 'services/trading/service.yaml')]);
  expect(stack.topologyFiles).toEqual([
    join(root, 'topology.yaml'),
    join(root, 'services/trading/topology.yaml'),
  ]);
  expect(stack.contractFolders).toEqual([join(root, 'services/trading/events')]);
  expect(stack.flowFiles).toEqual([join(root, 'flows/a.yaml'), join(root, 'services/trading/flows/b.yaml')]);
  expect(stack.resources.find(({ name }) => name === 'database')?.migrations).toEqual([
    join(root, 'migrations'),
    join(root, 'services/trading/migrations'),
  ]);
  expect(stack.commands).toMatchObject([{ name: 'trade', service: 'trading', entry: 'src/cli.ts' }]);
  expect(await readCommands(join(root, 'flows'))).toMatchObject([{ name: 'trade', description: 'trades' }]);
  expect(stack.gateway.locate('route', 'small-trading')).toEqual({
    file: join('services', 'trading', 'service.yaml'),
    line: 16,
    column: 5,
  });
  expect(stack.locate('trading')).toEqual({
    file: join('services', 'trading', 'service.yaml'),
    line: 1,
    column: 1,
  });
  expect(stack.locate('core')).toMatchObject({ file: 'qbtc.yaml' });
  expect(stack.locate('database')).toMatchObject({ file: 'qbtc.yaml' });
  for (const name of ['nobody', '__proto__', 'constructor']) expect(stack.locate(name)).toBeUndefined();
});

test('the contracts of the stack come first, then those that qbtc.yaml names, then those of services', async () => {
  const root = await stackOf({
    'qbtc.yaml': `${STACK}contracts: [shared, event-schemas]\n`,
    'event-schemas/a.json': '{}',
    'shared/b.json': '{}',
  });
  expect((await open(root)).contractFolders).toEqual(
    ['event-schemas', 'shared', 'services/trading/events'].map((each) => join(root, each)),
  );
});

test('it has a name of its own where it says one, and code elsewhere', async () => {
  const root = await stackOf({
    'services/trading/service.yaml': 'name: hft\npath: ../../core\nentry: main.ts\nport: 8400\n',
  });
  const { services } = await open(root);
  expect(services[1]).toMatchObject({ name: 'hft', path: join(root, 'core') });
});

test('each mistake stands in its own file, with its line and what the field is called there', async () => {
  const { message, details } = await mistakes({
    'qbtc.yaml': STACK.replace('port: 8001', 'port: none'),
    'services/trading/service.yaml': TRADING.replace('port: 8400', 'port: 99999')
      .replace('depends_on: [core]', 'depends_on: [cor]')
      .replace('topology: topology.yaml', 'topology: topolgy.yaml')
      .replace('migrations: migrations', 'migrations: [a]')
      .replace('contracts: events', 'contracts: event')
      .replace('[control-key]', '[Control]\nsecretz: 1')
      .replace('src/cli.ts', 'src/nothing.ts'),
  });
  expect(message).toMatch(/^qbtc\.yaml and .*service\.yaml have \d+ mistakes$/);
  expect(details.map((line) => line.replaceAll('\\', '/').replace(/expected .*; did/, 'did'))).toEqual([
    'qbtc.yaml:13:11 services.core.port: found "none", expected a port from 1 to 65535',
    'services/trading/service.yaml:2:7 port: found 99999, expected a port from 1 to 65535',
    'services/trading/service.yaml:3:14 depends_on[0]: found "cor", did you mean "core"?',
    'services/trading/service.yaml:7:8 env.KEY: found ${secrets.control-key}, which "secrets" does not declare, did you mean "Control"?',
    'services/trading/service.yaml:8:11 secrets[0]: found "Control", expected a name of lower-case letters, digits and hyphens, a letter first',
    'services/trading/service.yaml:9:1 secretz: found the unknown key "secretz", did you mean "secrets"?',
    'services/trading/service.yaml:11:40 commands.trade.entry: found "src/nothing.ts", which does not exist, expected a file',
    'services/trading/service.yaml:12:11 topology: found "services/trading/topolgy.yaml", which does not exist, did you mean "services/trading/topology.yaml"?',
    'services/trading/service.yaml:13:13 migrations: found a list, expected text (in quotes where it looks like something else)',
    'services/trading/service.yaml:13:14 migrations[0]: found "services/trading/a", which does not exist, expected a folder',
    'services/trading/service.yaml:14:12 contracts: found "services/trading/event", which does not exist, did you mean "services/trading/events"?',
  ]);
});

test.each([
  [
    'a file that is no YAML',
    { 'services/web/service.yaml': 'entry: [' },
    /^services.web.service\.yaml:1:9: found no valid YAML/,
  ],
  [
    'a second service of a name',
    { 'services/web/service.yaml': 'name: core\nentry: a.ts\nport: 1\n' },
    /^services.web.service\.yaml:1:7 name: found a second service core/,
  ],
  [
    'a second command of a name',
    { 'services/web/service.yaml': 'entry: ../trading/src/cli.ts\nport: 1\ncommands:\n  trade: {}\n' },
    /^services.web.service\.yaml:4:3 commands\.trade: found a second command/,
  ],
  [
    'migrations without a database',
    { 'services/web/service.yaml': 'entry: ../trading/src/cli.ts\nport: 1\nmigrations: a\n' },
    /^services.web.service\.yaml:3:1 migrations: found migrations for no database/,
  ],
  [
    'a file that is named and not there',
    { 'qbtc.yaml': STACK.replace('include: services/*/service.yaml', 'include: [a/service.yaml]') },
    /^qbtc\.yaml:3:11 include\[0\]: found "a\/service\.yaml", which does not exist/,
  ],
] as [string, Record<string, string>, RegExp][])('%s is told', async (_, files, expected) => {
  const { details } = await mistakes(files);
  expect(details).toEqual([expect.stringMatching(expected)]);
});

test.each([
  [
    'a command that is a text',
    'commands: { trade: src/cli.ts }',
    /commands\.trade.*"src\/cli\.ts".*expected a mapping/s,
  ],
  [
    'a command of another service',
    'commands: { trade: { description: a, entry: src/cli.ts, service: core } }',
    /commands\.trade\.service.*"core"/s,
  ],
])('tells %s', async (_, commands, told) => {
  const { details } = await mistakes({
    'services/trading/service.yaml': TRADING.replace(/commands:\n.*\n/, `${commands}\n`),
  });
  expect(details.join('\n')).toMatch(told);
  expect(details.join('\n')).toContain('services/trading/service.yaml');
});

test('hides no mistake of qbtc.yaml: secrets that are no list', async () => {
  const { details } = await mistakes({ 'qbtc.yaml': `${STACK}secrets: lonely\n` });
  expect(details.join('\n')).toMatch(/secrets: found "lonely", expected a list/);
});

test('finds no file a second time where npm has linked its package', async () => {
  const root = await stackOf({ 'qbtc.yaml': STACK.replace('services/*/service.yaml', '"**/service.yaml"') });
  await mkdir(join(root, 'node_modules/@stack'), { recursive: true });
  await symlink(join(root, 'services/trading'), join(root, 'node_modules/@stack/trading'), 'junction');
  expect((await open(root)).includedFiles).toEqual([join(root, 'services/trading/service.yaml')]);
});
