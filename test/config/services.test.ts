import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { confidentialValues } from '../../src/config/confidential.ts';
import { declaredPorts, loadStack, readStackDocument } from '../../src/config/load.ts';
import { QbtcError } from '../../src/errors.ts';
import type { Stack } from '../../src/model/stack.ts';
import { instancesOf, serviceProcess } from '../../src/services/index.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { VERSION } from './sample.ts';

/** A stack of these lines below `services:`; the first one is line 4. */
async function stackOf(
  services: string,
  files: Record<string, string> = {},
  env: Record<string, string> = {},
): Promise<{ file: string; load: () => Promise<Stack> }> {
  const root = await temporaryFolder();
  const file = join(root, 'qbtc.yaml');
  await writeFile(file, `version: 1\nname: small\nservices:\n${services}`);
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  return { file, load: () => loadStack({ file, env, secrets: {}, qbtcVersion: VERSION, cwd: root }) };
}

async function mistakesOf(services: string, files: Record<string, string> = {}): Promise<readonly string[]> {
  const { load } = await stackOf(services, files);
  const error = await load().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof QbtcError ? error.details : [];
}

const service = (fields: string) => `  one: { command: [node, a.mjs], ${fields} }\n`;

test.each([
  ['port: 1', { kind: 'http', path: '/health' }],
  ['', { kind: 'process' }],
  ['port: 1, health: /ready', { kind: 'http', path: '/ready' }],
  ['port: 1, health: { path: /ready, status: 204 }', { kind: 'http', path: '/ready', status: [204] }],
  ['port: 1, health: { path: /r, status: [200, 204] }', { kind: 'http', path: '/r', status: [200, 204] }],
  ['port: 1, health: { tcp: true }', { kind: 'tcp' }],
  ['port: 1, health: { grpc: true }', { kind: 'grpc', service: '' }],
  ['port: 1, health: { grpc: shop.Orders }', { kind: 'grpc', service: 'shop.Orders' }],
  ["health: { log: 'ready in \\d+' }", { kind: 'log', pattern: 'ready in \\d+' }],
  ['health: { command: [test, -e, x] }', { kind: 'command', command: ['test', '-e', 'x'] }],
  ['health: { process: true }', { kind: 'process' }],
])('a service with { %s } is ready by %o', async (fields, readiness) => {
  const { load } = await stackOf(service(fields));
  expect((await load()).services[0]?.health).toEqual(readiness);
});

test.each([
  [
    'two kinds of readiness',
    service('port: 1, health: { tcp: true, log: x }'),
    'qbtc.yaml:4:51 services.one.health: found both tcp and log, expected one of path, tcp, grpc, log, command, consumes or process',
  ],
  [
    'no kind of readiness',
    service('port: 1, health: {}'),
    'qbtc.yaml:4:51 services.one.health: found none of them, expected one of path, tcp, grpc, log, command, consumes or process',
  ],
  [
    'a word that is none',
    service('port: 1, health: { tpc: true }'),
    'qbtc.yaml:4:53 services.one.health.tpc: found the unknown key "tpc", expected one of path, status, tcp, grpc, log, command, consumes or process; did you mean "tcp"?',
  ],
  [
    'a number',
    service('port: 1, health: 200'),
    'qbtc.yaml:4:51 services.one.health: found 200, expected a path that starts with /, or a mapping with one of path, tcp, grpc, log, command, consumes or process',
  ],
  [
    'a pattern that is none',
    service("health: { log: '(' }"),
    'qbtc.yaml:4:49 services.one.health.log: found "(", expected a regular expression',
  ],
  [
    'statuses of what has none',
    service('port: 1, health: { tcp: true, status: 200 }'),
    'qbtc.yaml:4:64 services.one.health.status: found status beside tcp, expected path beside it',
  ],
  [
    'health over the network without a port',
    service('health: /ready'),
    'qbtc.yaml:4:42 services.one.health: found a path without a port, expected "port" of the service, too',
  ],
  [
    'a queue without a broker',
    service('health: { consumes: jobs }'),
    'qbtc.yaml:4:42 services.one.health: found consumes with no resource of kind rabbitmq, expected a resource of kind rabbitmq',
  ],
  [
    'routes without a port',
    service('routes: [{ name: r, uri: /r }]'),
    'qbtc.yaml:4:34 services.one.routes: found routes without a port, expected "port" of the service, too',
  ],
  [
    'metrics without a port',
    service('metrics: /m'),
    'qbtc.yaml:4:34 services.one.metrics: found metrics without a port, expected "port" of the service, too',
  ],
  [
    'its own port where it has none',
    '  one: { command: [node, "${port}"] }\n',
    'qbtc.yaml:4:27 services.one.command[1]: found ${port} of a service without a port, expected "port" of the service, too',
  ],
  [
    'a port by a name that there is not',
    service('ports: { admin: 9 }, env: { A: "${ports.admn}" }'),
    'qbtc.yaml:4:66 services.one.env.A: found ${ports.admn}, which names no port, expected one of "ports": admin; did you mean "admin"?',
  ],
  [
    'the address of what has none',
    `${service('')}  two: { command: [node], env: { A: "\${services.one.url}" } }\n`,
    'qbtc.yaml:5:38 services.two.env.A: found ${services.one.url}, which has no port, expected a service that listens somewhere',
  ],
  [
    'a port twice',
    service('port: 7, ports: { admin: 7 }'),
    'qbtc.yaml:4:59 services.one.ports.admin: found port 7 for port admin of service one, expected a port of its own: service one (services.one.port) has this one',
  ],
  [
    'an adopted service with what only ours have',
    '  one: { url: "http://127.0.0.1:1", replicas: 2 }\n',
    'qbtc.yaml:4:37 services.one.replicas: found replicas beside url, expected one of them: what runs already is not run by qbtc',
  ],
  [
    'an adopted service below a path',
    '  one: { url: "http://127.0.0.1:1/api" }\n',
    'qbtc.yaml:4:15 services.one.url: found a URL with a path, expected such as http://127.0.0.1:8000',
  ],
  [
    'an adopted service with credentials, which are not repeated',
    '  one: { url: "http://jo:hunter2@127.0.0.1:1" }\n',
    'qbtc.yaml:4:15 services.one.url: found a URL with credentials, expected such as http://127.0.0.1:8000',
  ],
  [
    'an adopted service whose process is to be looked at',
    '  one: { url: "http://127.0.0.1:1", health: { process: true } }\n',
    'qbtc.yaml:4:45 services.one.health: found process of a service that somebody else runs, expected path, tcp, grpc, command or consumes',
  ],
  [
    'an env_file that is not there',
    service('env_file: nowhere.env'),
    'qbtc.yaml:4:44 services.one.env_file: found "nowhere.env", which does not exist, expected a file',
  ],
  [
    'a signal that ends nothing',
    service('stop_signal: SIGSTOP'),
    'qbtc.yaml:4:47 services.one.stop_signal: found "SIGSTOP", expected one of SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1 or SIGUSR2',
  ],
])('%s is a mistake with its place', async (_, services, expected) => {
  expect(await mistakesOf(services)).toEqual([expected]);
});

test('each replica is given its own ports, in its command and its environment', async () => {
  const { load } = await stackOf(
    `  one:
    command: [node, a.mjs, --listen, '127.0.0.1:\${port}', '$\${port}']
    port: 7000
    ports: { admin: 7100 }
    replicas: 2
    env: { ADMIN: 'http://127.0.0.1:\${ports.admin}', PLAIN: '\${port:-none}' }
`,
  );
  const stack = { ...(await load()), portBase: 0 };
  const [service] = stack.services;
  const specs = await Promise.all(
    instancesOf(service as Stack['services'][0]).map((instance) =>
      serviceProcess(quietContext(), stack, instance),
    ),
  );
  expect(specs).toMatchObject([
    {
      args: ['a.mjs', '--listen', '127.0.0.1:7000', '${port}'],
      env: { ADMIN: 'http://127.0.0.1:7100', PLAIN: 'none', PORT: '7000' },
      ports: [7000, 7100],
    },
    {
      args: ['a.mjs', '--listen', '127.0.0.1:7001', '${port}'],
      env: { ADMIN: 'http://127.0.0.1:7101', PORT: '7001' },
      ports: [7001, 7101],
    },
  ]);
});

test('how a service is ended is its own choice', async () => {
  const { load } = await stackOf(
    `${service('stop_signal: SIGINT, stop_timeout: 1.5')}  two: { command: [node] }\n`,
  );
  const stack = await load();
  const specs = await Promise.all(
    stack.services.flatMap(instancesOf).map((instance) => serviceProcess(quietContext(), stack, instance)),
  );
  expect(specs).toMatchObject([
    { stopSignal: 'SIGINT', stopTimeoutMs: 1500, stopsGroup: true, ports: [] },
    { stopSignal: 'SIGTERM', stopTimeoutMs: 15_000 },
  ]);
});

test('further ports and those of replicas count among the ports of the stack, with the base', async () => {
  const { file, load } = await stackOf(`${service('port: 7000, ports: { admin: 7100 }, replicas: 2')}`);
  expect(declaredPorts(await readStackDocument({ file }))).toEqual([7000, 7001, 7100, 7101]);
  await writeFile(
    file,
    `version: 1\nname: small\nports: { base: 1000 }\nservices:\n${service('port: 7000, ports: { admin: 7100 }')}`,
  );
  expect((await load()).services[0]).toMatchObject({ port: 8000, ports: { admin: 8100 } });
});

test('env files are read as compose reads them: later over earlier, env over all, and their secrets are masked', async () => {
  const files = {
    'a.env': 'ONE=1\nTWO="two words" # of them\nDB=postgresql://shop:hunter22@127.0.0.1/shop\nPORT=3000\n',
    'b.env': 'ONE=of b\nAPI_TOKEN=t0ken-of-b\nHOME_OF=${WHERE}\n',
  };
  const { load } = await stackOf(
    service(
      'port: 7000, env_file: [a.env, { path: b.env }, { path: not.env, required: false }], env: { TWO: 2 }',
    ),
    files,
    { WHERE: 'there' },
  );
  const stack = await load();
  expect(stack.services[0]?.env).toEqual({
    ONE: 'of b',
    TWO: '2',
    DB: 'postgresql://shop:hunter22@127.0.0.1/shop',
    PORT: '3000',
    API_TOKEN: 't0ken-of-b',
    HOME_OF: 'there',
  });
  expect(confidentialValues(stack)).toEqual(expect.arrayContaining(['hunter22', 't0ken-of-b']));
  // The port is that of the stack, whatever the file says.
  const [instance] = stack.services.flatMap(instancesOf);
  if (instance === undefined) throw new Error('the service has an instance');
  expect((await serviceProcess(quietContext(), stack, instance)).env.PORT).toBe('7000');
});

test('what is wrong in an env file is told with its line', async () => {
  const { load } = await stackOf(service('env_file: a.env'), { 'a.env': 'ONE=1\nTWO="open\n' });
  await expect(load()).rejects.toMatchObject({
    code: 'ENV_INVALID',
    details: [expect.stringMatching(/a\.env:2: TWO: found no closing "$/)],
  });
});

test('paths of a service file are relative to it, those of its env files too', async () => {
  const { file, load } = await stackOf('  one: { command: [node] }\ninclude: "two.yaml"\n', {
    'two.yaml': 'name: two\ncommand: [node]\nenv_file: two.env\n',
    'two.env': 'A=1\n',
  });
  expect(file).toMatch(/qbtc\.yaml$/);
  expect((await load()).services.find(({ name }) => name === 'two')?.env).toEqual({ A: '1' });
});

test('an adopted service is reached where it runs', async () => {
  const { load } = await stackOf(
    '  there: { url: "https://billing.example/" }\n  one: { command: [node], env: { A: "${services.there.url}" } }\n',
  );
  const stack = await load();
  expect(stack.services[0]).toMatchObject({ url: 'https://billing.example', replicas: 1 });
  expect(stack.services[0]).not.toHaveProperty('port');
  expect(stack.services[1]?.env.A).toBe('https://billing.example');
});

test('another service is referred to by its address, its host and its port, wherever it says them', async () => {
  const { load } = await stackOf(
    `  there: { url: "https://billing.example" }
  api: { command: [node], port: "\${API_PORT:-7000}" }
  one: { command: [node], env: { A: "\${services.api.url}", B: "\${services.api.host}:\${services.api.port}", C: "\${services.there.host} \${services.there.port}" } }
`,
    {},
    { API_PORT: '7100' },
  );
  const one = (await load()).services.find(({ name }) => name === 'one');
  expect(one?.env).toEqual({
    A: 'http://127.0.0.1:7100',
    B: '127.0.0.1:7100',
    C: 'billing.example 443',
  });
  expect(one?.containerEnv.B).toBe('api:7100');
});
