import { existsSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../../errors.ts';
import { systemClock } from '../../system/clock.ts';
import { createExec } from '../../system/exec.ts';
import { createHost } from '../../system/host/index.ts';
import { listenAddress, releaseAddress } from './address.ts';
import type { ProcessStatus, SupervisorReply, SupervisorRequest } from './protocol.ts';
import { readState, STATE_FOLDER, stateFile, writeState } from './state.ts';
import { Supervisor } from './supervisor.ts';

// The supervisor's program: `node main.js ROOT`. It listens on a local socket until it is asked to shut down.
const root = process.argv[2] ?? process.cwd();
/** Often enough that nobody wonders, rarely enough to cost nothing. */
const FOLDER_POLL_MS = 2_000;

const host = createHost(process.platform, createExec());
const socket = await listenAddress(root);
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
      await writeState(root, { supervisor: { pid: process.pid, startTime, socket }, processes: latest });
    })
    // A full disk must not end the supervisor: the processes run on, and the next change is written again.
    .catch((error) => process.stderr.write(`state not written: ${messageOf(error)}\n`));
};

const supervisor = new Supervisor({ host, clock: systemClock, onChange: save });
await supervisor.adopt((await readState(root).catch(() => undefined))?.processes ?? []);

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

function serve(client: Socket): void {
  clients.add(client);
  client.once('close', () => clients.delete(client));
  client.on('error', () => {});
  const lines = createInterface({ input: client });
  // It repeats the socket's errors: a client that goes away is no concern of ours.
  lines.on('error', () => {});
  lines.on('line', (line) => void answer(line, client));
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
    reply({ id, ok: true, processes: supervisor.list() });
  } catch (error) {
    reply({ id, ok: false, error: messageOf(error) });
  }
  if (request.do === 'shutdown') client.end();
}

const server = createServer(serve);
function end(): void {
  clearInterval(folderWatch);
  server.close();
  releaseAddress(socket);
  rmSync(stateFile(root), { force: true });
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

// `git clean` and `rm -r` take the folder away: without it nobody could ever find us again.
const folderWatch = setInterval(() => {
  if (existsSync(join(root, STATE_FOLDER))) return;
  clearInterval(folderWatch);
  void supervisor
    .stopAll(() => {})
    .then(end)
    .then(() => {
      for (const client of clients) client.destroy();
    });
}, FOLDER_POLL_MS);

// Only this account may talk to us.
process.umask(0o077);
server.listen(socket, () => {
  save(supervisor.list());
  void writing.then(() => {
    process.send?.('ready');
    process.disconnect?.();
  });
});
