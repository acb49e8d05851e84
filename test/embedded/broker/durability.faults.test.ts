import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, sleep } from '../../conformance/broker/harness.ts';
import { type BrokerProcess, BrokerProgram } from './program.ts';

let program: BrokerProgram;
let folder: string;

beforeAll(async () => {
  program = await BrokerProgram.build();
  folder = await mkdtemp(join(tmpdir(), 'qbtc-durable-'));
});

afterAll(async () => {
  await program.remove();
  await rm(folder, { recursive: true, force: true });
});

const EXCHANGE = 'events';
const QUEUES = ['classic', 'quorum', 'worked'];
const KILLS = 8;
const UNCONFIRMED = 200;

async function declare(connection: ChannelModel): Promise<void> {
  const channel = await connection.createChannel();
  await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
  for (const queue of QUEUES) {
    const type = queue === 'quorum' ? 'quorum' : 'classic';
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': type } });
    await channel.bindQueue(queue, EXCHANGE, '#');
  }
  await channel.close();
}

/** Publishes numbers in order until the broker is gone, each again whose confirm did not come. */
class Publisher {
  readonly confirmed = new Set<number>();
  readonly tries = new Map<number, number>();
  private next = 1;

  async run(connection: ChannelModel): Promise<void> {
    let open = true;
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    connection.once('close', () => {
      open = false;
    });
    const missing = [...this.tries.keys()].filter((number) => !this.confirmed.has(number));
    let waiting = 0;
    while (open) {
      while (open && waiting < UNCONFIRMED) {
        const number = missing.shift() ?? this.next++;
        this.tries.set(number, (this.tries.get(number) ?? 0) + 1);
        waiting += 1;
        try {
          channel.publish(EXCHANGE, 'a.b', bodyOf(number), { persistent: true }, (error) => {
            waiting -= 1;
            if (error === null) this.confirmed.add(number);
          });
        } catch {
          return;
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Acknowledges what it is given, and remembers it. */
class Worker {
  readonly seen = new Map<number, { times: number; redelivered: number }>();

  async run(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    await channel.prefetch(50);
    await channel.consume('worked', (message) => {
      if (message === null) return;
      this.take(message);
      try {
        channel.ack(message);
      } catch {
        // The broker is gone already.
      }
    });
  }

  take(message: ConsumeMessage): void {
    const known = this.seen.get(numberOf(message)) ?? { times: 0, redelivered: 0 };
    known.times += 1;
    if (message.fields.redelivered) known.redelivered += 1;
    this.seen.set(numberOf(message), known);
  }
}

const bodyOf = (number: number) => Buffer.from(String(number).padEnd(500, '.'));
const numberOf = ({ content }: { content: Buffer }) => Number.parseInt(content.toString(), 10);

/** Every message of a queue, in order, taken out. */
async function drain(connection: ChannelModel, queue: string) {
  const channel = await connection.createChannel();
  const { messageCount } = await channel.checkQueue(queue);
  const messages: ConsumeMessage[] = [];
  await channel.consume(queue, (message) => void (message !== null && messages.push(message)), {
    noAck: true,
  });
  await eventually(
    () => messages.length,
    (length) => length === messageCount,
    `${messageCount} messages of ${queue}`,
  );
  return messages;
}

async function folderBytes(path: string): Promise<number> {
  const sizes = await Promise.all((await readdir(path)).map((name) => stat(join(path, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

describe('kill -9 of the broker at random moments', () => {
  it.each([
    ['a journal that is shortened all the time', 65_536],
    ['the usual journal', undefined],
  ])('loses no confirmed message, keeps the order, and repeats only what it may: %s', async (what, slack) => {
    const dataFolder = join(folder, String(slack));
    const publisher = new Publisher();
    const worker = new Worker();
    const delays: number[] = [];
    const starts: number[] = [];
    const begin = async (): Promise<BrokerProcess> => {
      const started = performance.now();
      const broker = program.start({
        dataFolder,
        ...(slack === undefined ? {} : { journalSlackBytes: slack }),
      });
      await broker.listening;
      starts.push(Math.round(performance.now() - started));
      return broker;
    };
    let broker = await begin();
    const first = await broker.connect();
    await declare(first);
    await first.close();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const [publishing, working] = [await broker.connect(), await broker.connect()];
      await worker.run(working);
      const ended = publisher.run(publishing);
      const confirmedBefore = publisher.confirmed.size;
      await eventually(
        () => publisher.confirmed.size,
        (size) => size > confirmedBefore,
        'a confirm',
      );
      const delay = Math.round(Math.random() * 400);
      delays.push(delay);
      await sleep(delay);
      await broker.kill();
      await ended;
      broker = await begin();
    }
    const bytes = await folderBytes(dataFolder);
    const connection = await broker.connect();
    const { confirmed, tries } = publisher;
    let repeated = 0;
    for (const queue of ['classic', 'quorum']) {
      const found = (await drain(connection, queue)).map(numberOf);
      const firstSeen = [...new Set(found)];
      const kept = new Set(found);
      expect(
        [...confirmed].filter((number) => !kept.has(number)),
        queue,
      ).toEqual([]);
      const times = new Map<number, number>();
      for (const number of found) times.set(number, (times.get(number) ?? 0) + 1);
      for (const [number, count] of times) expect(count).toBeLessThanOrEqual(tries.get(number) ?? 0);
      // What was confirmed at the first try stands in the order in which it was published.
      const once = firstSeen.filter((number) => tries.get(number) === 1);
      expect(once).toEqual([...once].sort((a, b) => a - b));
      repeated += found.length - kept.size;
    }
    for (const message of await drain(connection, 'worked')) worker.take(message);
    expect(
      [...confirmed].filter((number) => !worker.seen.has(number)),
      'worked',
    ).toEqual([]);
    let redelivered = 0;
    for (const [number, seen] of worker.seen) {
      redelivered += seen.redelivered;
      expect(seen.times - seen.redelivered, `${number} without the flag`).toBeLessThanOrEqual(
        tries.get(number) ?? 0,
      );
    }
    await connection.close();
    await broker.kill();
    process.stdout.write(
      `${what}: ${KILLS} kills after ${delays.join(', ')} ms, ${confirmed.size} of ${tries.size} messages confirmed, ` +
        `none lost in ${QUEUES.length} queues; ${repeated} repeated, ${redelivered} redelivered; ` +
        `started in ${starts.join(', ')} ms; ${Math.round(bytes / 1e6)} MB on the disk\n`,
    );
    expect(confirmed.size).toBeGreaterThan(1_000);
  });

  it('takes back what was held, with the flag, and whatever was answered before the kill', async () => {
    const dataFolder = join(folder, 'held');
    for (let round = 0; round < 5; round += 1) {
      const broker = program.start({ dataFolder });
      const connection = await broker.connect();
      const channel = await connection.createConfirmChannel();
      channel.on('error', () => undefined);
      const queue = `q${round}`;
      await channel.assertQueue(queue, { durable: true });
      const bodies = ['acknowledged', 'held', 'waiting'];
      for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body), { persistent: true });
      await channel.waitForConfirms();
      const acknowledged = await channel.get(queue);
      if (acknowledged !== false) channel.ack(acknowledged);
      expect(await channel.get(queue)).toMatchObject({ fields: { redelivered: false } });
      // Killed in the moment in which the answer is here: nothing is left to wait for.
      await broker.kill();
      const next = program.start({ dataFolder });
      const again = await (await next.connect()).createChannel();
      again.on('error', () => undefined);
      expect(await again.get(queue)).toMatchObject({
        content: Buffer.from('held'),
        fields: { redelivered: true },
      });
      expect(await again.get(queue)).toMatchObject({
        content: Buffer.from('waiting'),
        fields: { redelivered: false },
      });
      expect(await again.get(queue)).toBe(false);
      await next.kill();
    }
  });

  it('begins behind a torn end, and says so', async () => {
    const dataFolder = join(folder, 'torn');
    const broker = program.start({ dataFolder });
    const channel = await (await broker.connect()).createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertQueue('q', { durable: true });
    for (const body of ['a', 'b']) channel.sendToQueue('q', Buffer.from(body), { persistent: true });
    await channel.waitForConfirms();
    await broker.kill();
    const journal = join(dataFolder, 'journal-00000001');
    // A record that was being written when the kill came: nobody was told that it is there.
    await appendFile(journal, (await readFile(journal)).subarray(-60, -3));
    for (const [more, found] of [
      ['c', ['a', 'b']],
      ['d', ['a', 'b', 'c']],
    ] as const) {
      const next = program.start({ dataFolder });
      const connection = await next.connect();
      const after = await connection.createConfirmChannel();
      after.on('error', () => undefined);
      expect(next.text()).toContain('the end of a journal was not whole');
      expect((await after.checkQueue('q')).messageCount).toBe(found.length);
      after.sendToQueue('q', Buffer.from(more), { persistent: true });
      await after.waitForConfirms();
      await next.kill();
    }
    const last = program.start({ dataFolder });
    expect((await drain(await last.connect(), 'q')).map(({ content }) => content.toString())).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
    await last.kill();
  });

  it('starts without what was confirmed only with the word of the user', async () => {
    const dataFolder = join(folder, 'damaged');
    const broker = program.start({ dataFolder });
    const channel = await (await broker.connect()).createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertQueue('q', { durable: true });
    for (let number = 0; number < 1_000; number += 1)
      channel.sendToQueue('q', bodyOf(number), { persistent: true });
    await channel.waitForConfirms();
    await broker.kill();
    const journal = join(dataFolder, 'journal-00000001');
    const bytes = await readFile(journal);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 16;
    await writeFile(journal, bytes);

    const refused = program.start({ dataFolder });
    expect(await refused.exit).toBe(1);
    const [line] = refused.lines().filter(({ level }) => level === 'error');
    expect(line).toMatchObject({ context: { code: 'BROKER_DATA_DAMAGED' } });
    expect(line?.message).toMatch(
      /journal-00000001, byte \d+: 5\d\d bytes are no record; \d+ whole records stand before them and \d+ after them; .*qbtc up --accept-loss/,
    );
    expect(await readFile(journal)).toEqual(bytes);

    // What `qbtc up --accept-loss` leaves for it; the word counts once.
    await writeFile(join(dataFolder, 'accept-loss'), '');
    for (const round of ['with the word', 'later, without it']) {
      const next = program.start({ dataFolder });
      const again = await (await next.connect()).createChannel();
      again.on('error', () => undefined);
      expect((await again.checkQueue('q')).messageCount, round).toBe(999);
      await next.kill();
    }
    expect(await readFile(join(dataFolder, 'damaged-1', 'journal-00000001'))).toEqual(bytes);
    expect(await readdir(dataFolder)).not.toContain('accept-loss');
  });
});

describe('a disk that is full', () => {
  it('has nothing confirmed that it does not hold, and is used again once there is room', async (context) => {
    const disk = await mkdtemp(join(tmpdir(), 'qbtc-disk-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status !== 0)
      return context.skip('no right to mount a small disk here');
    const dataFolder = join(disk, 'data');
    const filler = join(disk, 'filler');
    try {
      await writeFile(filler, Buffer.alloc(3_000_000));
      const broker = program.start({ dataFolder });
      const connection = await broker.connect();
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue('q', { durable: true });
      const confirmed: number[] = [];
      const refused: number[] = [];
      const publish = (numbers: number[]) =>
        Promise.all(
          numbers.map(
            (number) =>
              new Promise<void>((resolve) => {
                channel.sendToQueue('q', bodyOf(number), { persistent: true }, (error) => {
                  (error === null ? confirmed : refused).push(number);
                  resolve();
                });
              }),
          ),
        );
      const numbers = (from: number, count: number) =>
        Array.from({ length: count }, (_, index) => from + index);
      for (let from = 0; refused.length === 0; from += 100) await publish(numbers(from, 100));
      expect(confirmed.length).toBeGreaterThan(100);
      await publish(numbers(100_000, 10));
      expect(refused.filter((number) => number >= 100_000)).toHaveLength(10);
      expect(broker.lines().filter(({ level }) => level === 'error')).toMatchObject([
        {
          message: expect.stringContaining('cannot write to the disk'),
          context: { error: expect.stringContaining('ENOSPC') },
        },
      ]);
      // A durable queue that is answered is on the disk: now there can be none.
      const other = await broker.connect();
      const closed = new Promise<Error>((resolve) => other.once('error', resolve));
      const declaring = await other.createChannel();
      await declaring.assertQueue('new', { durable: true }).catch(() => undefined);
      expect((await closed).message).toContain('RESOURCE_ERROR - the disk does not take durable definitions');
      // It still serves from memory what needs no disk.
      const { queue } = await channel.assertQueue('', { exclusive: true });
      channel.sendToQueue(queue, Buffer.from('x'));
      await channel.waitForConfirms();
      expect(await channel.get(queue)).not.toBe(false);

      await rm(filler);
      await eventually(
        () => broker.text(),
        (text) => text.includes('the state is on the disk again'),
        'the broker writes again',
      );
      await publish(numbers(200_000, 10));
      expect(confirmed.filter((number) => number >= 200_000)).toHaveLength(10);
      await broker.kill();

      const next = program.start({ dataFolder });
      const found = new Set((await drain(await next.connect(), 'q')).map(numberOf));
      expect(confirmed.filter((number) => !found.has(number))).toEqual([]);
      await next.kill();
      process.stdout.write(
        `a full disk: ${confirmed.length} confirmed and kept, ${refused.length} refused\n`,
      );
    } finally {
      await program.killAll();
      spawnSync('umount', [disk]);
      await rm(disk, { recursive: true, force: true });
    }
  });

  it('loses nothing confirmed when the broker is killed while the disk is full', async (context) => {
    const disk = await mkdtemp(join(tmpdir(), 'qbtc-disk-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0)
      return context.skip('no right to mount a small disk here');
    const dataFolder = join(disk, 'data');
    try {
      const broker = program.start({ dataFolder });
      const channel: ConfirmChannel = await (await broker.connect()).createConfirmChannel();
      channel.on('error', () => undefined);
      await channel.assertQueue('q', { durable: true });
      const confirmed: number[] = [];
      let isFull = false;
      for (let number = 0; !isFull; number += 1)
        await new Promise<void>((resolve) => {
          channel.sendToQueue('q', bodyOf(number), { persistent: true }, (error) => {
            if (error === null) confirmed.push(number);
            else isFull = true;
            resolve();
          });
        });
      // Long enough for the broker to have tried to write everything anew, in vain.
      await sleep(1_500);
      await broker.kill();
      // Not a byte is left now; what is there can be drained all the same.
      spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=4k']);
      const draining = program.start({ dataFolder });
      const first = await (await draining.connect()).createChannel();
      first.on('error', () => undefined);
      expect((await first.checkQueue('q')).messageCount).toBe(confirmed.length);
      expect(await first.get('q')).toMatchObject({ content: bodyOf(confirmed[0] ?? 0) });
      const second = program.start({ dataFolder });
      expect(await second.exit).toBe(1);
      expect(second.text()).toContain(`is in use by the broker with process id ${draining.child.pid}`);
      await draining.kill();
      spawnSync('mount', ['-o', 'remount,size=8m', disk]);
      const next = program.start({ dataFolder });
      const found = (await drain(await next.connect(), 'q')).map(numberOf);
      expect(found).toEqual(confirmed);
      await next.kill();
    } finally {
      await program.killAll();
      spawnSync('umount', [disk]);
      await rm(disk, { recursive: true, force: true });
    }
  });
});
