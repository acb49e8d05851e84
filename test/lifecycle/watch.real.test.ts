import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../src/model/watch.ts';
import { freePorts } from '../support/ports.ts';
import { CHECKOUT, qbtc, startQbtc } from '../support/qbtc.ts';
import { quietContext } from '../support/quiet-context.ts';

/** A service of one file and a module that it shares with nobody; it greets with what the module says. */
const MAIN = `
import { createServer } from 'node:http';
import { greeting } from './greeting.ts';
createServer((request, response) => {
  response.end(request.url === '/health' ? '{"status":"healthy","service":"web"}' : greeting);
}).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;
/** One with a command of its own. */
const OTHER = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const text = readFileSync('text.txt', 'utf8');
createServer((_, response) => response.end(text)).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
`;
const FLOW = (port: number) => `
name: greets
tags: [quick]
steps:
  - kind: http
    hop: { subject: web, proves: web greets }
    request: { url: "http://127.0.0.1:${port}/" }
    expect: { status: 200 }
`;

const context = quietContext();

describe('up --watch', () => {
  let root = '';
  let ports: number[] = [];
  let watching: ReturnType<typeof startQbtc>;
  const file = (...path: string[]) => join(root, ...path);
  const declare = (env = '') =>
    writeFile(
      file('qbtc.yaml'),
      `version: 1
name: watched
flows: [flows/*.yaml]
services:
  web: { path: web, entry: src/main.ts, port: ${ports[0]}, metrics: false${env} }
  other: { path: other, command: [node, main.mjs], port: ${ports[1]}, health: { tcp: true }, metrics: false }
`,
    );
  const greet = (word: string) =>
    writeFile(file('web/src/greeting.ts'), `export const greeting = '${word}';\n`);
  const told = () =>
    watching
      .stdout()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as WatchEvent);
  const of = <Kind extends WatchEvent['event']>(kind: Kind) =>
    told().filter((each): each is Extract<WatchEvent, { event: Kind }> => each.event === kind);
  const answer = async (port = 0) => (await fetch(`http://127.0.0.1:${ports[port]}/`)).text();
  /** What a debugger is told of what it may attach to. */
  const inspected = async () =>
    (await (await fetch(`http://127.0.0.1:${ports[2]}/json/list`)).json()) as { title: string }[];
  const pids = async () =>
    new Map(
      (
        JSON.parse((await qbtc(['status', '--json'], root)).stdout) as {
          resources: { name: string; pid: number }[];
        }
      ).resources.map(({ name, pid }) => [name, pid]),
    );

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'qbtc watch ü '));
    ports = await freePorts(3);
    for (const folder of ['web/src', 'other', 'flows']) await mkdir(file(folder), { recursive: true });
    await declare();
    await writeFile(file('web/src/main.ts'), MAIN);
    await greet('one');
    await writeFile(file('other/main.mjs'), OTHER);
    await writeFile(file('other/text.txt'), 'first');
    await writeFile(file('flows/greets.yaml'), FLOW(ports[0] ?? 0));
    const inspect = ['--inspect', 'web', '--inspect-port', String(ports[2])];
    watching = startQbtc(['up', '--watch', '--test', 'quick', ...inspect, '--json'], root);
  }, 120_000);
  afterAll(async () => {
    watching.child.kill('SIGKILL');
    await watching.ended;
    await qbtc(['down'], root);
    await rm(root, { recursive: true, force: true });
  }, 60_000);

  test('builds what is saved, starts the services anew that it is in and nothing else, and runs the flows', async () => {
    await expect.poll(() => of('watching').length).toBe(1);
    expect(await answer()).toBe('one');
    expect(await inspected()).toHaveLength(1);
    const before = await pids();
    await greet('two');
    await expect.poll(() => answer().catch(() => '')).toBe('two');
    await expect.poll(() => of('tested').length).toBe(1);
    expect(of('applied')).toMatchObject([
      { files: ['web/src/greeting.ts'], restarted: ['web'], changes: [], durationMs: expect.any(Number) },
    ]);
    expect(of('tested')).toMatchObject([{ tag: 'quick', passed: 1, failed: [] }]);
    const after = await pids();
    expect(after.get('other')).toBe(before.get('other'));
    expect(after.get('web')).not.toBe(before.get('web'));
    expect(await inspected()).toHaveLength(1);
  }, 60_000);

  test('keeps the old one on a mistake, tells it once with its place, and takes what mends it', async () => {
    const { length } = of('refused');
    for (const _ of [1, 2, 3]) {
      await writeFile(file('web/src/greeting.ts'), "export const greeting = 'three;\n");
      await context.clock.sleep(400);
    }
    await expect.poll(() => of('refused').length).toBe(length + 1);
    expect(of('refused').at(-1)).toMatchObject({
      code: 'BUNDLE_FAILED',
      details: [expect.stringMatching(/^web\/src\/greeting\.ts:1:\d+: Unterminated string literal/)],
    });
    expect(await answer()).toBe('two');
    await greet('three');
    await expect.poll(() => answer().catch(() => '')).toBe('three');
    expect(of('refused')).toHaveLength(length + 1);
  }, 60_000);

  test('starts a service with a command of its own anew for a file in its folder, not for what it writes', async () => {
    await writeFile(file('other/text.txt'), 'second');
    await expect.poll(() => of('applied').at(-1)).toMatchObject({ restarted: ['other'] });
    expect(await answer(1)).toBe('second');
    const { length } = of('applied');
    await mkdir(file('other/logs'), { recursive: true });
    await writeFile(file('other/logs/today.log'), 'a line');
    await context.clock.sleep(1_500);
    expect(of('applied')).toHaveLength(length);
  }, 60_000);

  test('tells what is wrong with qbtc.yaml and changes nothing, and brings what is declared otherwise', async () => {
    const before = await pids();
    await declare(', env: { GREETING: 5, }, prot: 1');
    await expect.poll(() => of('refused').at(-1)?.code).toBe('CONFIG_INVALID');
    expect(of('refused').at(-1)?.details).toEqual([expect.stringMatching(/^qbtc\.yaml:5:\d+ .*prot/)]);
    expect(await answer()).toBe('three');
    await declare(', env: { GREETING: hello }');
    await expect.poll(() => of('applied').at(-1)?.files).toEqual(['qbtc.yaml']);
    expect(of('applied').at(-1)?.restarted).toEqual(['web']);
    expect((await pids()).get('other')).toBe(before.get('other'));
  }, 60_000);

  test('takes what mends qbtc.yaml in whatever file it is, also in a folder that was not there', async () => {
    const { length } = of('refused');
    await declare(', env: { GREETING: hello }, env_file: more/web.env');
    await expect.poll(() => of('refused').length).toBe(length + 1);
    expect(of('refused').at(-1)?.code).toBe('CONFIG_INVALID');
    await mkdir(file('more'));
    await writeFile(file('more/web.env'), 'MORE=1\n');
    await expect.poll(() => of('applied').at(-1)?.files).toContain('more/web.env');
    expect(of('applied').at(-1)?.restarted).toEqual(['web']);
    expect(await answer()).toBe('three');
  }, 60_000);

  test('takes a file that is saved again and again as few changes, and ends up with the last', async () => {
    const { length } = of('applied');
    for (let index = 0; index < 100; index += 1) {
      await greet(`word ${index}`);
      await context.clock.sleep(5);
    }
    await expect.poll(() => answer().catch(() => '')).toBe('word 99');
    expect(of('applied').length - length).toBeLessThan(20);
  }, 60_000);

  test('costs nothing while nothing changes', async () => {
    const ticks = async () => {
      const fields =
        (await readFile(`/proc/${watching.child.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
      return Number(fields[11]) + Number(fields[12]);
    };
    await context.clock.sleep(2_000);
    const before = await ticks();
    await context.clock.sleep(5_000);
    // Hundredths of a second.
    expect((await ticks()) - before).toBeLessThanOrEqual(4);
  }, 60_000);

  test('ends with 130 when it is interrupted, and the stack runs on', async () => {
    watching.child.kill('SIGINT');
    expect((await watching.ended).code).toBe(130);
    expect(told().at(-1)).toMatchObject({ event: 'ended' });
    expect(await answer()).toBe('word 99');
  }, 60_000);
});

test('up --watch --check keeps the old one while types are wrong, and takes what mends them', async () => {
  const root = await mkdtemp(join(tmpdir(), 'qbtc types ü '));
  const [port = 0] = await freePorts(1);
  const greet = (text: string) => writeFile(join(root, 'web/src/greeting.ts'), text);
  await mkdir(join(root, 'web/src'), { recursive: true });
  await mkdir(join(root, 'node_modules'));
  for (const name of ['typescript', '@types'])
    await symlink(join(CHECKOUT, 'node_modules', name), join(root, 'node_modules', name));
  await writeFile(join(root, 'web/src/main.ts'), MAIN);
  await greet("export const greeting: string = 'one';\n");
  await writeFile(
    join(root, 'web/tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'NodeNext',
        strict: true,
        types: ['node'],
        noEmit: true,
        allowImportingTsExtensions: true,
      },
      include: ['src'],
    }),
  );
  await writeFile(
    join(root, 'qbtc.yaml'),
    `version: 1\nname: typed\nservices:\n  web: { path: web, entry: src/main.ts, port: ${port}, metrics: false }\n`,
  );
  const watching = startQbtc(['dev', '--check', '--json'], root);
  const told = () =>
    watching
      .stdout()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as WatchEvent);
  const answer = () => fetch(`http://127.0.0.1:${port}/`).then((each) => each.text());
  try {
    await expect.poll(() => told().map(({ event }) => event)).toEqual(['watching']);
    await greet("export const greeting: number = 'two';\n");
    await expect
      .poll(() => told().at(-1))
      .toMatchObject({
        event: 'refused',
        code: 'TYPES_WRONG',
        details: [expect.stringMatching(/^web\/src\/greeting\.ts:1:14 TS2322: /)],
      });
    expect(await answer()).toBe('one');
    await greet("export const greeting: string = 'three';\n");
    await expect.poll(() => told().at(-1)).toMatchObject({ event: 'applied', restarted: ['web'] });
    expect(await answer()).toBe('three');
  } finally {
    watching.child.kill('SIGKILL');
    await watching.ended;
    await qbtc(['down'], root);
    await rm(root, { recursive: true, force: true });
  }
}, 120_000);
