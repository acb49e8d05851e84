import { rmSync, statSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../../errors.ts';
import { stateFolder } from '../../state/index.ts';
import { systemClock } from '../../system/clock.ts';
import { createExec } from '../../system/exec.ts';
import { createHost } from '../../system/host/index.ts';
import { listenAddress, ownAddress, releaseAddress } from './address.ts';
import { belongingOf, findCarriers } from './carried.ts';
import type { ProcessStatus, SupervisorReply, SupervisorRequest } from './protocol.ts';
import { readState, stateFileOf, writeStateHere } from './state.ts';
import { Supervisor, SupervisorClosing } from './supervisor.ts';

// The supervisor's program: `node main.js ROOT`. It listens on a local socket until it is asked to shut down.
const root = process.argv[2] ?? process.cwd();
/** Often enough that nobody wonders, rarely enough to cost nothing. */
const FOLDER_POLL_MS = 2_000;

// Where the folder is moved to, we go along: nothing is written to whatever stands in its place then.
process.chdir(stateFolder(root));
const folder = statSync('.', { bigint: true });
const host = createHost(process.platform, createExec());
const socket = await listenAddress(root);
const address = ownAddress(root, socket);
const startTime = await host.processStartTime(process.pid);

// Its log may be on a disk that is full; what it runs must not end for that.
process.stderr.on('error', () => {});
process.stdout.on('error', () => {});

// Writes follow one another; only the newest waiting state is written.
let waiting: ProcessStatus[] | undefined;
let writing: Promise<unknown> = Promise.resolve();
const save = (processes: ProcessStatus[]) => {
  const idle = waiting === undefined;
  waiting = processes;
  if (!idle) return;
  writing = writing
    .then(async () => {
      const latest = waiting ?? processes;
      waiting = undefined;
      await writeStateHere({ root, supervisor: { pid: process.pid, startTime, socket }, processes: latest });
    })
    // A full disk must not end the supervisor: the processes run on, and the next change is written again.
    .catch((error) => process.stderr.write(`state not written: ${messageOf(error)}\n`));
};

const supervisor = new Supervisor({
  belonging: belongingOf(root),
  host,
  clock: systemClock,
  onChange: save,
});
// What the state does not tell of is found by what it carries.
const state = await readState(root).catch((error) => {
  process.stderr.write(`${messageOf(error)}; what runs is found by what it carries\n`);
  return undefined;
});
const recorded = state?.processes ?? [];
const known = new Set(recorded.map(({ pid }) => pid));
const found = (await findCarriers(host, root)).processes.filter(({ pid }) => !known.has(pid));
const names = new Set(recorded.map(({ name }) => name));
await supervisor.adopt([
  ...recorded,
  ...found.map((each) => (names.has(each.name) ? { ...each, name: `${each.name} (pid ${each.pid})` } : each)),
]);

async function carryOut(request: SupervisorRequest, onStopped: (name: string) => void): Promise<void> {
  switch (request.do) {
    case 'ensure':
      return supervisor.ensure(request.spec);
    case 'keep':
      return supervisor.keep(request.name);
    case 'stop':
      return supervisor.stop(request.name);
    case 'shutdown':
      return supervisor.stopAll(onStopped);
    case 'list':
      return;
  }
}

const clients = new Set<Socket>();
/** What is being answered: nobody is cut off in the middle of it. */
const answering = new Set<Promise<void>>();

function serve(client: Socket): void {
  clients.add(client);
  client.once('close', () => clients.delete(client));
  client.on('error', () => {});
  const lines = createInterface({ input: client });
  // It repeats the socket's errors: a client that goes away is no concern of ours.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const answered = answer(line, client).finally(() => answering.delete(answered));
    answering.add(answered);
  });
}

async function answer(line: string, client: Socket): Promise<void> {
  const reply = (message: SupervisorReply) => void client.write(`${JSON.stringify(message)}\n`);
  let request: SupervisorRequest & { id: number };
  try {
    request = JSON.parse(line) as SupervisorRequest & { id: number };
  } catch {
    // Half a request: a client that was killed while it wrote.
    client.destroy();
    return;
  }
  const { id } = request;
  try {
    await carryOut(request, (name) => reply({ id, event: 'stopped', name }));
    await writing;
    if (request.do === 'shutdown') end();
    reply({
      id,
      ok: true,
      processes: supervisor.list(),
      ...(supervisor.closing ? { closing: true as const } : {}),
    });
  } catch (error) {
    const closing = error instanceof SupervisorClosing ? { closing: true as const } : {};
    reply({ id, ok: false, error: messageOf(error), ...closing });
  }
  if (request.do === 'shutdown') client.end();
}

const server = createServer(serve);
function end(): void {
  clearInterval(folderWatch);
  server.close();
  releaseAddress(address);
  rmSync(basename(stateFileOf(root)), { force: true });
}

for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  // A closed terminal is no reason to end; being asked to is.
  process.on(name, () => {
    if (name === 'SIGHUP') return;
    void supervisor
      .stopAll(() => {})
      .then(() => writing)
      .then(end);
  });
}

// `git clean` and `rm -r` take the folder away, and another one may stand in its place; `mv` leaves what runs with paths
// that lead nowhere. Everything ends in order then: data that is moved is whole.
const folderWatch = setInterval(() => {
  const there = statSync(stateFolder(root), { bigint: true, throwIfNoEntry: false });
  if (there?.ino === folder.ino && there.dev === folder.dev) return;
  clearInterval(folderWatch);
  process.stderr.write(`${stateFolder(root)} was moved or removed: everything is ended\n`);
  void supervisor
    .stopAll(() => {})
    .then(end)
    .then(() => Promise.allSettled(answering))
    .then(() => {
      for (const client of clients) client.end();
    });
}, FOLDER_POLL_MS);

// Only this account may talk to us.
process.umask(0o077);
server.listen(address, () => {
  save(supervisor.list());
  void writing.then(() => {
    process.send?.('ready');
    process.disconnect?.();
  });
});
