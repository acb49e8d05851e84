import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exchange } from '../support/http.ts';
import { type GatewayProgram, startGatewayProgram } from '../support/program.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

let upstream: TestUpstream;
let gateway: GatewayProgram;

beforeEach(async () => {
  upstream = await startUpstream((request, response) => response.end(request.url));
  gateway = await startGatewayProgram({ workers: 2 });
  const nodes = { [upstream.address]: 1 };
  await gateway.admin('PUT', '/routes/plain', { uri: '/plain', upstream: { nodes } });
});
afterEach(async () => {
  await gateway.kill();
  await upstream.close();
});

const outcomeOf = () =>
  exchange(`${gateway.proxyUrl}/plain`).then(
    ({ status }) => status,
    (error: NodeJS.ErrnoException) => error.code,
  );

it('replaces a worker that hangs, and answers a change without it', async () => {
  const [hanging = 0] = await gateway.workers();
  process.kill(hanging, 'SIGSTOP');
  const since = performance.now();
  const route = { uri: '/new', upstream: { nodes: { [upstream.address]: 1 } } };
  const changing = gateway.admin('PUT', '/routes/new', route);
  // The other one serves meanwhile; one connection at most waits for the one that hangs.
  const outcomes = await Promise.all(Array.from({ length: 50 }, outcomeOf));
  expect(outcomes).toEqual(outcomes.map(() => 200));
  expect((await changing).status).toBe(201);
  expect(performance.now() - since).toBeLessThan(15_000);
  expect(gateway.logged).toContainEqual(
    expect.objectContaining({
      message: expect.stringMatching(/^a worker has ended: it owed an answer for 5/),
    }),
  );
  const fresh = Array.from({ length: 20 }, () => exchange(`${gateway.proxyUrl}/new`));
  expect((await Promise.all(fresh)).map(({ status }) => status)).toEqual(fresh.map(() => 200));
});

it('gives connections that a worker cannot open to the other one', async () => {
  const [full = 0] = await gateway.workers();
  await promisify(execFile)('prlimit', ['--pid', String(full), '--nofile=40:40']);
  const sockets = Array.from({ length: 60 }, () => connect(gateway.port, '127.0.0.1'));
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise((resolve, reject) => {
          socket.once('error', reject).once('data', resolve);
          socket.write('GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n');
        }),
    ),
  );
  for (const socket of sockets) socket.destroy();
  expect(await outcomeOf()).toBe(200);
  expect(await gateway.workers()).toContain(full);
});

it('goes on through workers that are killed one after the other, for as long as that goes on', async () => {
  let ending = false;
  const outcomes = new Map<unknown, number>();
  const clients = Array.from({ length: 4 }, async () => {
    while (!ending) {
      const outcome = await outcomeOf();
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  });
  const answeredSoFar = () => outcomes.get(200) ?? 0;
  for (let round = 0; round < 6; round++) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    // Those of this round serve: how long a busy machine takes to start them is not what this is about.
    const before = answeredSoFar();
    await expect.poll(answeredSoFar, { timeout: 60_000, interval: 5 }).toBeGreaterThan(before + 20);
    for (const pid of await gateway.workers()) process.kill(pid, 'SIGKILL');
  }
  ending = true;
  await Promise.all(clients);
  // What a worker held is lost with it: four requests at most each time.
  const { 200: answered = 0, ECONNRESET: lost = 0, ...others } = Object.fromEntries(outcomes);
  expect(others).toEqual({});
  expect(lost).toBeLessThanOrEqual(6 * 4);
  expect(answered).toBeGreaterThan(100);
  expect(JSON.parse(await gateway.told('/status')).workers.of).toBe(2);
});
