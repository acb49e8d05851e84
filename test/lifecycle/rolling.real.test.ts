import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newCoreStack } from '../support/new-stack.ts';
import { freePorts } from '../support/ports.ts';
import { qbtc, startQbtc } from '../support/qbtc.ts';

let root = '';
let takeDown = async () => {};
beforeAll(async () => {
  [root, takeDown] = await newCoreStack('rolling');
}, 60_000);
afterAll(() => takeDown(), 60_000);

test('two replicas are started anew without a failed request', async () => {
  const up = await qbtc(['up', '--scale', 'platform-api=2', '--json'], root);
  expect(up.code, up.stdout).toBe(0);
  const watching = startQbtc(['dev', '--json'], root);
  const ended = watching.ended;
  try {
    await expect.poll(() => watching.stdout()).toContain('"watching"');
    const { gatewayUrl } = JSON.parse(up.stdout) as { gatewayUrl: string };
    const key = (await qbtc(['secrets', 'get', 'api-key'], root)).stdout.trim();
    const statuses = new Map<number, number>();
    let goesOn = true;
    const asking = (async () => {
      while (goesOn) {
        const { status } = await fetch(`${gatewayUrl}/api/openapi.json`, { headers: { apikey: key } });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    })();
    const file = join(root, 'services', 'platform-api', 'src', 'main.ts');
    await writeFile(file, `${await readFile(file, 'utf8')}\nprocess.title = 'saved';\n`);
    await expect.poll(() => watching.stdout()).toMatch(/"restarted":\["platform-api-1","platform-api-2"\]/);
    goesOn = false;
    await asking;
    expect([...statuses.keys()]).toEqual([200]);
  } finally {
    watching.child.kill('SIGINT');
    await ended;
  }
}, 180_000);

/** Answers with what its file said when it began, and takes its time to end. */
const COMMAND = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const text = readFileSync('text.txt', 'utf8');
const server = createServer((_, response) => setTimeout(() => response.end(text), 20));
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;

test('two replicas of a service with a command of its own, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qbtc rolling ü '));
  const [gateway = 0, admin = 0, first = 0] = await freePorts(3);
  await mkdir(join(folder, 'web'));
  await writeFile(join(folder, 'web/main.mjs'), COMMAND);
  await writeFile(join(folder, 'web/text.txt'), 'one');
  await writeFile(
    join(folder, 'qbtc.yaml'),
    `version: 1
name: commanded
infrastructure:
  gateway: { kind: apisix, provider: embedded, port: ${gateway}, admin_port: ${admin} }
services:
  web:
    path: web
    command: [node, main.mjs]
    port: ${first}
    replicas: 2
    health: { path: / }
    metrics: false
    routes: [{ name: web, uri: / }]
`,
  );
  const watching = startQbtc(['dev', '--json'], folder);
  try {
    await expect.poll(() => watching.stdout()).toContain('"watching"');
    const answers = new Set<string>();
    let goesOn = true;
    const asking = (async () => {
      while (goesOn) {
        const answer = await fetch(`http://127.0.0.1:${gateway}/`);
        answers.add(`${answer.status} ${await answer.text()}`);
      }
    })();
    await writeFile(join(folder, 'web/text.txt'), 'two');
    await expect.poll(() => watching.stdout()).toMatch(/"restarted":\["web-1","web-2"\]/);
    goesOn = false;
    await asking;
    expect([...answers].sort()).toEqual(['200 one', '200 two']);
  } finally {
    watching.child.kill('SIGINT');
    await watching.ended;
    await qbtc(['down', '--volumes'], folder);
    await rm(folder, { recursive: true, force: true });
  }
}, 180_000);
