import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TEMPLATES } from '../../src/scaffold/service/templates.ts';
import { installPackages } from '../support/docker/run.ts';
import { freePorts } from '../support/ports.ts';
import { CHECKOUT, qbtc } from '../support/qbtc.ts';

/** A repository of somebody else's, with a service that knows nothing of qbtc. */
const SERVER = `
require('node:http').createServer((request, response) => response.end('{"ok":true}')).listen(process.env.PORT, '127.0.0.1');
console.log('listening');
`;

/** Debian's own Python comes first: another one has not its packages. */
const env = { PATH: `/usr/bin:${process.env.PATH}` };
const noPika = await installPackages(['python3-pika'], '/usr/lib/python3/dist-packages/pika/__init__.py');
const skipped = noPika === undefined ? '' : ` (without a consumer in Python: ${noPika})`;
const plain = TEMPLATES.filter(({ base }) => base === 'plain')
  .filter(({ kind, language }) => noPika === undefined || kind !== 'consumer' || language !== 'python')
  .map((template) => ({ ...template, name: `a-${template.kind}-${template.language}` }));

const ports = new Map<string, number>();
const root = await mkdtemp(join(tmpdir(), 'qbtc elsewhere ü '));
const write = async (name: string, text: string) => {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await writeFile(join(root, name), text);
};
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await qbtc([...args, '--json'], root, env);
  expect(code, stderr + stdout).toBe(0);
  return JSON.parse(stdout);
};

beforeAll(async () => {
  const [broker, management, gateway, admin, web] = await freePorts(5);
  await write('web/server.js', SERVER);
  // What is called so need not be one of ours.
  await write('services/web/service.yaml', 'apiVersion: v1\nkind: Service\n');
  await write(
    'qbtc.yaml',
    `# What is there already.
version: 1
name: elsewhere
infrastructure:
  mq: { kind: rabbitmq, provider: embedded, port: ${broker}, management_port: ${management} }
  edge: { kind: apisix, provider: embedded, port: ${gateway}, admin_port: ${admin} }
services:
  web: # as it was
    path: web
    command: [node, server.js]
    port: ${web}
    health: /
    metrics: false
`,
  );
});
afterAll(async () => {
  await qbtc(['down', '--volumes'], root, env);
  await rm(root, { recursive: true, force: true });
});

test(`each kind, in each language, fits into a repository that qbtc has not made${skipped}`, async () => {
  const before = await readFile(join(root, 'qbtc.yaml'), 'utf8');
  for (const { name, kind, language } of plain) {
    const words = ['add', 'service', name, '--kind', kind, '--language', language];
    const { base, files } = await json(...words, '--dry-run');
    expect(base).toBe('plain');
    const added = await json(...words, '--yes', '--no-install');
    expect(added.files).toEqual(files);
    ports.set(name, added.port);
    const commands = added.next.map(({ command }: { command: string }) => command);
    if (kind !== 'consumer' || language === 'python')
      expect(commands).toEqual(['qbtc up', `qbtc test --tag ${name}`]);
    else {
      expect(commands[0]).toBe(`cd services/${name} && npm install`);
      // As npm would, without asking for it.
      await mkdir(join(root, 'services', name, 'node_modules'));
      const library = ['node_modules', 'amqplib'];
      await symlink(join(CHECKOUT, ...library), join(root, 'services', name, ...library));
    }
  }
  const after = await readFile(join(root, 'qbtc.yaml'), 'utf8');
  expect(after.startsWith(before.trimEnd())).toBe(true);
  expect(after.slice(before.trimEnd().length)).toContain(`services/${plain[0]?.name}/service.yaml`);
  expect((await json('up')).started).toEqual(expect.arrayContaining(plain.map(({ name }) => name)));
  for (const { name } of plain)
    expect((await json('test', '--tag', name)).flows).toMatchObject([{ name, status: 'passed' }]);
});

test('they have all points that can be had there, and nothing to complain of', async () => {
  const { total, gains, failures, profile } = await json('score');
  expect({ total, gains, failures, profile }).toEqual({
    total: 100,
    gains: [],
    failures: [],
    profile: 'foreign',
  });
  const { stdout } = await qbtc(['topology', 'check', '--json'], root, env);
  expect(JSON.parse(stdout).findings).toEqual([]);
  for (const command of [
    ['events', 'validate'],
    ['routes', 'lint'],
  ])
    await json(...command);
});

/** What comes back for these bytes, until the service closes the connection. */
const said = (port: number, bytes: string | Buffer) =>
  new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.once('close', () => resolve(text));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(text) : reject(error),
    );
    socket.setTimeout(20_000, () => socket.destroy(new Error(`no end after ${JSON.stringify(text)}`)));
  });

const POST = 'POST /api/x/greetings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
test.each(plain.filter(({ kind }) => kind === 'http'))('$name outlives what is no request', async ({
  name,
}) => {
  const port = ports.get(name) ?? 0;
  for (const bytes of [
    'no request at all\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `${POST}Content-Length: -1\r\n\r\n`,
    `${POST}Content-Length: 99999999999999999999\r\n\r\n`,
    `${POST}Content-Length: 1e3\r\n\r\n`,
    `${POST}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    `${POST}X: ${'x'.repeat(100_000)}\r\n\r\n`,
    Buffer.concat([Buffer.from(`${POST}Content-Length: 4\r\n\r\n`), Buffer.from([0xff, 0xfe, 0, 1])]),
    `${POST}Content-Length: 2\r\nX-Correlation-Id: ${'"'.repeat(2_000)}\r\n\r\n{}`,
  ])
    expect(await said(port, bytes), bytes.toString('latin1', 0, 80)).toMatch(/^(HTTP\/1\.[01] [45]|$)/);
  // Two at once, the second malformed: the first is answered.
  expect(await said(port, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 200/,
  );
  expect((await json('test', '--tag', name)).flows).toMatchObject([{ name, status: 'passed' }]);
});

test('consumers come back to a broker that was away', async () => {
  await json('restart', 'mq');
  for (const { name } of plain.filter(({ kind }) => kind === 'consumer')) {
    await expect
      .poll(async () => (await qbtc(['test', '--tag', name], root, env)).code, { interval: 500 })
      .toBe(0);
  }
});

/** A task that is never done: it comes back to its queue until that has enough of it. */
const failingFlow = (name: string) => `
name: ${name}-fails
tags: [${name}-fails]
timeout: 40s
steps:
  - kind: publish
    hop: { subject: mq, proves: a task is taken }
    event: { type: ${name.replaceAll('-', '_')}_task, routing_key: ${name}.task, data: { task: fail } }
  - kind: log
    hop: { subject: ${name}, proves: it is tried again }
    of: ${name}
    within: 10s
    expect: { json: { $.message: trying a message again } }
  - kind: consume
    hop: { subject: ${name}, proves: it is dead-lettered in the end }
    queue: q_dead_letters
    within: 30s
    expect: { json: { "$.headers['x-first-death-reason']": delivery_limit, "$.content.data.task": fail } }
`;

test('consumers try again what failed, and do not do so for ever', async () => {
  const consumers = plain.filter(({ kind }) => kind === 'consumer');
  for (const { name, language } of consumers) {
    const file = language === 'python' ? 'work.py' : `src/work.${language}`;
    const text = await readFile(join(root, 'services', name, file), 'utf8');
    const fails =
      language === 'python'
        ? "    if task == 'fail':\n        raise ValueError('no')\n    log('info', 'did"
        : "  if (task === 'fail') throw new Error('no');\n  log('info', 'did";
    await write(`services/${name}/${file}`, text.replace(/^ +log\('info', 'did/m, fails));
    await write(`services/${name}/flows/fails.yaml`, failingFlow(name));
  }
  await json('restart', ...consumers.map(({ name }) => name));
  for (const { name } of consumers)
    expect((await json('test', '--tag', `${name}-fails`)).flows).toMatchObject([{ status: 'passed' }]);
}, 300_000);

test('what a consumer needs is installed with it', async ({ skip }) => {
  const words = ['add', 'service', 'late', '--kind', 'consumer', '--language', 'js', '--json'];
  const { code, stdout, stderr } = await qbtc(words, root, env);
  skip(/EAI_AGAIN|ENOTFOUND|ETIMEDOUT/.test(stdout), `npm has no network: ${stdout}`);
  expect(code, stderr + stdout).toBe(0);
  await json('up');
  expect((await json('test', '--tag', 'late')).flows).toMatchObject([{ name: 'late', status: 'passed' }]);
});

test('they end in order', async () => {
  await json('down');
  for (const { name } of plain) {
    const { lines } = await json('logs', name);
    const said = lines.map(({ message }: { message: string }) => message);
    expect(said.slice(-2), name).toEqual(['ending', 'ended']);
  }
});
