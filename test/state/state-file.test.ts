import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { startTimeOf } from '../../src/alive.ts';
import { note, readJournal } from '../../src/chaos/journal.ts';
import { changeConsumers, readConsumers } from '../../src/config/consumers.ts';
import { addScale, readScale } from '../../src/config/scale.ts';
import { ensureSecrets, readPending, readSecrets, writePending } from '../../src/config/secrets.ts';
import { openLedger } from '../../src/reconcile/ledger.ts';
import { readState } from '../../src/runtimes/processes/state.ts';
import { readChoices, writeChoices } from '../../src/state/choices.ts';
import { hold, readHolds } from '../../src/state/holds.ts';
import {
  encode,
  RUNNING_STATE,
  STATE_FILES,
  stateFile,
  stateFolder,
  statePath,
  withFileLock,
} from '../../src/state/index.ts';
import { journalFile } from '../../src/topology/migrate/journal.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

const consumer = (username: string) => ({ username, key: 'k', createdAt: '2030-01-01T00:00:00.000Z' });
const fault = (name: string) => ({
  name,
  kind: 'down' as const,
  subject: 'broker',
  options: {},
  at: '2030-01-01T00:00:00.000Z',
  memory: {},
});
const journal = { version: 1 as const, queue: 'q', phase: 'aside' as const, paused: [] };

/** How many bits are changed at the same time. */
const LANES = 4;

/** Each file that says what nothing else knows: how it comes to be, how it is read, and the code of its damage. */
const IRREPLACEABLE: Record<
  string,
  { make: (root: string) => Promise<unknown>; read: (root: string) => Promise<unknown>; code: string }
> = {
  'secrets.json': {
    make: (root) => ensureSecrets(root, ['api-key', 'broker-password']),
    read: readSecrets,
    code: 'SECRETS_UNREADABLE',
  },
  'secrets.pending.json': {
    make: (root) => writePending(root, { name: 'broker-password', value: 'abc' }),
    read: readPending,
    code: 'SECRETS_UNREADABLE',
  },
  'consumers.json': {
    make: (root) => changeConsumers(root, () => [consumer('app')]),
    read: readConsumers,
    code: 'CONSUMERS_UNREADABLE',
  },
  'broker-ledger.json': {
    make: async (root) => (await openLedger(root, 'broker', 'a')).add('queue/q'),
    read: (root) => openLedger(root, 'broker', 'a'),
    code: 'LEDGER_UNREADABLE',
  },
  'providers.json': {
    make: (root) =>
      writeChoices(root, {
        strategy: 'fallback',
        choices: [{ resource: 'broker', provider: 'native', reason: '', loss: '' }],
        services: [],
      }),
    read: readChoices,
    code: 'CHOICES_UNREADABLE',
  },
  'holds.json': {
    make: (root) => hold(root, 'broker', 'broker-down'),
    read: readHolds,
    code: 'HOLDS_UNREADABLE',
  },
  'chaos.json': {
    make: (root) => note(root, fault('broker-down')),
    read: readJournal,
    code: 'CHAOS_UNREADABLE',
  },
  'state.json': {
    make: async (root) => {
      await mkdir(stateFolder(root), { recursive: true });
      const supervisor = { pid: 4711, startTime: '1', socket: 's' };
      await writeFile(statePath(root, 'supervisor'), encode({ root, supervisor, processes: [] }));
    },
    read: readState,
    code: 'STATE_UNREADABLE',
  },
  'migrations/q.json': {
    make: (root) => journalFile(root, 'q').write(journal),
    read: (root) => journalFile(root, 'q').read(),
    code: 'JOURNAL_UNREADABLE',
  },
};

describe.each(Object.entries(IRREPLACEABLE))('damage to %s is named', (name, { make, read, code }) => {
  let root: string;
  let file: string;
  let before: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'qbtc state ü '));
    file = join(stateFolder(root), name);
    await make(root);
    before = await readFile(file, 'utf8');
  });
  afterAll(() => rm(root, { recursive: true }));

  const damaged = async (change: (text: string) => string | Buffer) => {
    const after = change(before);
    await writeFile(file, after);
    await expect(read(root), String(after)).rejects.toMatchObject({
      name: 'QbtcError',
      code,
      message: expect.stringContaining(file),
      hint: expect.stringMatching(/./),
    });
    // Nobody has put anything in its place.
    expect(await readFile(file)).toEqual(Buffer.from(after));
  };

  test.each(['', ' \n', 'null', '7', '"text"', '[1]', '{"a":'])('it holds %j', (text) => damaged(() => text));
  test('it is cut', () => damaged((text) => text.slice(0, text.length / 2)));
  test('zeros stand in its place, as after a power cut', () => damaged((text) => '\0'.repeat(text.length)));
  test('a bit of it is another one', async () => {
    await Promise.all(Array.from({ length: LANES }, (_, lane) => flipBits(lane)));
  });

  /** Of every LANES-th place, in a folder of its own. */
  const flipBits = async (lane: number) => {
    const root = await temporaryFolder();
    await make(root);
    const file = join(stateFolder(root), name);
    const whole = await readFile(file);
    const right = JSON.stringify(await read(root));
    for (let at = 3 * lane; at < whole.length; at += 3 * LANES) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7));
      await writeFile(file, changed);
      // A blank that became another one says the same.
      const outcome = await read(root).then(
        (value) => JSON.stringify(value) === right,
        (error: { code?: string }) => error.code === code,
      );
      expect(outcome, changed.toString()).toBe(true);
    }
  };
});

test('what an earlier version or a person wrote is read as it stands', async () => {
  const root = await temporaryFolder();
  await mkdir(stateFolder(root));
  const put = (name: string, value: unknown) =>
    writeFile(join(stateFolder(root), name), JSON.stringify(value));
  await put('secrets.json', { 'api-key': 'qbtc_1', items: 'x' });
  await put('chaos.json', [fault('broker-down')]);
  expect(await readSecrets(root)).toEqual({ 'api-key': 'qbtc_1', items: 'x' });
  expect(await readJournal(root)).toHaveLength(1);
});

test('a secret that was changed by hand is not taken for what qbtc wrote, and what to do is said', async () => {
  const root = await temporaryFolder();
  await ensureSecrets(root, ['api-key']);
  const file = join(stateFolder(root), 'secrets.json');
  const text = (await readFile(file, 'utf8')).replace(/qbtc_[0-9a-f]+/, 'mine');
  await writeFile(file, text);
  await expect(readSecrets(root)).rejects.toMatchObject({ hint: expect.stringContaining('"$sha256"') });
  await writeFile(file, text.replace(/^.*sha256.*$/m, ''));
  expect(await readSecrets(root)).toEqual({ 'api-key': 'mine' });
});

test('secrets that are gone while their data is there are not made anew', async () => {
  const root = await temporaryFolder();
  const data = join(stateFolder(root), 'data', 'broker');
  await mkdir(data, { recursive: true });
  // An empty folder is no data yet.
  await ensureSecrets(root, ['broker-password']);
  await writeFile(join(data, 'snapshot'), 'x');
  const file = join(stateFolder(root), 'secrets.json');
  for (const left of [undefined, '{}', '{"api-key":"k"}']) {
    await rm(file, { force: true });
    if (left !== undefined) await writeFile(file, left);
    await expect(ensureSecrets(root, ['api-key', 'broker-password'])).rejects.toMatchObject({
      code: 'SECRETS_MISSING',
      details: [`data of broker: ${data}`],
      hint: expect.stringContaining('deletes that data'),
    });
  }
  // What no data was made with may be new.
  expect(await ensureSecrets(root, ['api-key', 'cache-password'])).toHaveProperty('cache-password');
});

describe('of changes at once none is lost', () => {
  const many = (change: (index: number) => Promise<unknown>) =>
    Promise.all(Array.from({ length: 20 }, (_, index) => change(index)));

  test('holds, faults, consumers, instances, secrets', async () => {
    const root = await temporaryFolder();
    await many((index) => hold(root, `part-${index}`, 'broker-down'));
    await many((index) => note(root, fault(`fault-${index}`)));
    await many((index) => changeConsumers(root, (all) => [...all, consumer(`app-${index}`)]));
    await many((index) => addScale(root, { [`service-${index}`]: 2 }));
    await many((index) => ensureSecrets(root, [`own-${index}`]));
    expect(await readHolds(root)).toHaveLength(20);
    expect(await readJournal(root)).toHaveLength(20);
    expect(await readConsumers(root)).toHaveLength(20);
    expect(Object.keys(await readScale(root))).toHaveLength(20);
    expect(Object.keys((await readSecrets(root)) ?? {})).toHaveLength(20);
  });

  test('ledgers that were opened before the others wrote', async () => {
    const root = await temporaryFolder();
    const ledgers = await many((index) => openLedger(root, 'broker', `address-${index % 2}`));
    await Promise.all(
      ledgers.map((ledger, index) =>
        (ledger as Awaited<ReturnType<typeof openLedger>>).add(`queue/${index}`),
      ),
    );
    for (const half of [0, 1]) {
      const ledger = await openLedger(root, 'broker', `address-${half}`);
      const names = Array.from({ length: 20 }, (_, index) => index).filter((index) =>
        ledger.has(`queue/${index}`),
      );
      expect(names).toEqual(Array.from({ length: 10 }, (_, index) => 2 * index + half));
    }
  });
});

describe('the lock of a file', () => {
  test('leaves nothing behind, also when the work fails', async () => {
    const root = await temporaryFolder();
    const file = join(root, 'a.json');
    await expect(withFileLock(file, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withFileLock(file, async () => 'next')).toBe('next');
    expect(await readdir(root)).toEqual([]);
  });

  test('of a process that is gone, or one that names nobody, is taken over; of one that lives it never is', async () => {
    const root = await temporaryFolder();
    const file = join(root, 'a.json');
    for (const left of ['', 'null', JSON.stringify({ id: 'x', pid: 4_194_303, startTime: '1' })]) {
      await writeFile(`${file}.lock`, left);
      expect(await withFileLock(file, async () => 1)).toBe(1);
    }
    const holder = { id: 'y', pid: process.pid, startTime: startTimeOf(process.pid) };
    await writeFile(`${file}.lock`, JSON.stringify(holder));
    const long = new Date(Date.now() - 3_600_000);
    await utimes(`${file}.lock`, long, long);
    let taken = false;
    const waits = withFileLock(file, async () => {
      taken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toBe(false);
    await rm(`${file}.lock`);
    await waits;
    expect(await readdir(root)).toEqual([]);
  });

  test('a folder that cannot be written is told', async () => {
    const root = await temporaryFolder();
    await writeFile(stateFolder(root), 'a file stands in its place');
    await expect(hold(root, 'broker', 'broker-down')).rejects.toMatchObject({ code: 'STATE_NOT_WRITABLE' });
  });
});

test('what can be made anew is as good as absent when it is damaged', async () => {
  const root = await temporaryFolder();
  const file = stateFile('images', z.record(z.string(), z.string()), {});
  await file.write(root, { a: '1' });
  for (const text of ['', '[', '[]', '{"a": 1}']) {
    await writeFile(file.path(root), text);
    expect(await file.read(root)).toEqual({});
  }
});

test('down knows every file of what runs', () => {
  expect(RUNNING_STATE.map((name) => STATE_FILES[name].file).sort()).toEqual(
    [
      'chaos.json',
      'containers.json',
      'heal.json',
      'holds.json',
      'providers.json',
      'scale.json',
      'sources.json',
      'state.json',
    ].sort(),
  );
});
