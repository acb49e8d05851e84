import {
  type AnswerPart,
  type Bus,
  BusUnavailable,
  createBus,
  DeadlineExceeded,
  Rejection,
  Unroutable,
} from '@stack/runtime/bus';
import { compileEventTypes, EventInvalid } from '@stack/runtime/events';
import { createLog } from '@stack/runtime/logging';
import { rabbitmqServer, startRabbitmq } from '@stack/testing/rabbitmq';
import { eventually, skipWithout, type TestServer } from '@stack/testing/server';
import { type Channel, type ChannelModel, connect, type GetMessage } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MessageProperties } from '../../src/bus/amqp/message-properties.ts';
import { keepProperties, propertiesOf, publishAsIs } from '../../src/bus/amqp/raw-frames.ts';

interface Question {
  n: number;
}
interface Answer extends AnswerPart {
  text?: string;
}

const eventType = compileEventTypes({
  question: {
    $id: 'urn:qbtc:event:question:1',
    type: 'object',
    required: ['n'],
    properties: { n: { type: 'integer' } },
  },
  answer: { $id: 'urn:qbtc:event:answer:1', type: 'object', required: ['kind', 'index', 'answer'] },
});
const question = eventType<Question>('question');
const answer = eventType<Answer>('answer');
const TO = { exchange: 'qbtc.topic', routingKey: 'question' };
const log = createLog({ service: 'test', level: 'silent', destination: { write: () => {} } });
const ask = (n: number) => question.create({ n }, { source: 'test', correlationid: 'c-1' });

describe.skipIf(skipWithout([rabbitmqServer]))('the bus on a real RabbitMQ', () => {
  let broker: TestServer;
  let admin: ChannelModel;
  let channel: Channel;
  const buses: Bus[] = [];

  const open = async (service: string) => {
    const bus = await createBus({
      url: broker.url,
      service,
      log,
      retryDelays: [20, 40],
      maxReconnectDelayMs: 500,
    });
    buses.push(bus);
    await eventually('connected', () => bus.check(), { timeoutMs: 10_000 });
    return bus;
  };
  const request = (bus: Bus, n = 1, options: { deadlineMs?: number } = {}) =>
    bus.request({ type: question, event: ask(n), to: TO, answerType: answer, deadlineMs: 2000, ...options });
  const collect = async (parts: AsyncIterable<{ data: Answer }>) => {
    const texts = [];
    for await (const { data } of parts) texts.push(`${data.kind}:${data.text ?? ''}`);
    return texts;
  };
  const declare = async () => {
    admin = await connect(broker.url);
    admin.on('error', () => {});
    channel = await admin.createChannel();
    channel.on('error', () => {});
    await channel.assertExchange('qbtc.topic', 'topic');
    await channel.assertExchange('responses_exchange', 'topic');
    await channel.assertExchange('qbtc.dead-letter', 'topic');
    await channel.assertQueue('q_dead', { durable: true });
    await channel.bindQueue('q_dead', 'qbtc.dead-letter', '#');
    await channel.assertQueue('q', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.bindQueue('q', 'qbtc.topic', 'question');
  };
  const nextDeadLetter = () =>
    eventually(
      'a dead letter',
      async () => {
        const message = await channel.get('q_dead', { noAck: true });
        if (message === false) throw new Error('none yet');
        return message;
      },
      { timeoutMs: 20_000 },
    );

  beforeAll(async () => {
    broker = await startRabbitmq();
  });
  beforeEach(async () => {
    await declare();
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    for (const queue of ['q', 'q_dead']) await channel.deleteQueue(queue);
    await admin.close();
  });
  afterAll(async () => {
    await broker?.stop();
  });

  it('answers a request part by part, in order', async () => {
    const bus = await open('both');
    bus.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 8,
      async handle(delivery) {
        const part = (kind: Answer['kind'], index: number, text: string) =>
          bus.answer(delivery, answer, { kind, index, answer: 'try-1', text });
        // Out of order, and twice: the requester must not notice.
        await part('chunk', 1, 'b');
        await part('chunk', 0, 'a');
        await part('chunk', 0, 'a');
        await part('complete', 2, 'c');
        await part('complete', 2, 'late');
      },
    });
    expect(await collect(request(bus))).toEqual(['chunk:a', 'chunk:b', 'complete:c']);
    expect(bus.pending).toBe(0);
  });

  it('keeps 200 concurrent requests of two services apart', async () => {
    const [one, two, core] = await Promise.all([open('one'), open('two'), open('core')]);
    core.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 16,
      handle: (delivery) =>
        core.answer(delivery, answer, {
          kind: 'complete',
          index: 0,
          answer: 'x',
          text: String(delivery.event.data.n),
        }),
    });
    const texts = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        collect(request(n % 2 === 0 ? one : two, n, { deadlineMs: 10_000 })),
      ),
    );
    expect(texts).toEqual(Array.from({ length: 200 }, (_, n) => [`complete:${n}`]));
    expect([one.pending, two.pending]).toEqual([0, 0]);
  });

  it('ends the waiting at the deadline, when it is told to, and when the loop is left', async () => {
    const bus = await open('lonely');
    await expect(collect(request(bus, 1, { deadlineMs: 50 }))).rejects.toBeInstanceOf(DeadlineExceeded);
    const answer = request(bus, 2);
    const left = collect(answer);
    answer.fail(new Error('left'));
    await expect(left).rejects.toThrow('left');
    await request(bus, 3).return();
    expect(bus.pending).toBe(0);
  });

  it('says when nobody could receive a message', async () => {
    const bus = await open('publisher');
    await expect(bus.publish(question, ask(1), { ...TO, routingKey: 'nowhere' })).rejects.toBeInstanceOf(
      Unroutable,
    );
    const parts = bus.request({
      type: question,
      event: ask(1),
      to: { ...TO, routingKey: 'nowhere' },
      answerType: answer,
      deadlineMs: 5000,
    });
    await expect(collect(parts)).rejects.toBeInstanceOf(Unroutable);
    const invalid = { ...ask(1), data: {} as Question };
    await expect(bus.publish(question, invalid, TO)).rejects.toBeInstanceOf(EventInvalid);
  });

  it('outlives a publish to an exchange that is not there', async () => {
    const bus = await open('publisher');
    await expect(bus.publish(question, ask(1), { exchange: 'none', routingKey: 'x' })).rejects.toBeInstanceOf(
      BusUnavailable,
    );
    await eventually('it publishes again', () => bus.publish(question, ask(2), TO), { timeoutMs: 10_000 });
  });

  it('lets what failed wait in the queue for its delay, and dead-letters it after the last', async () => {
    await channel.assertExchange('qbtc.retry', 'direct');
    for (const delay of [20, 40]) {
      await channel.assertQueue(`q.retry.${delay}`, {
        durable: true,
        messageTtl: delay,
        deadLetterExchange: '',
        deadLetterRoutingKey: 'q',
        arguments: { 'x-queue-type': 'quorum' },
      });
      await channel.bindQueue(`q.retry.${delay}`, 'qbtc.retry', `q.retry.${delay}`);
    }
    const outcomes: string[] = [];
    const bus = await createBus({
      url: broker.url,
      service: 'retrying',
      log,
      retryDelays: [20, 40],
      onOutcome: (_, outcome) => outcomes.push(outcome),
    });
    buses.push(bus);
    await eventually('connected', () => bus.check(), { timeoutMs: 10_000 });
    let tries = 0;
    await bus.publish(question, ask(1), TO);
    await bus.publish(question, ask(2), TO);
    bus.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 1,
      async handle({ event }) {
        if (event.data.n === 2) return;
        tries += 1;
        throw new Error('not now');
      },
    });
    const letter = await nextDeadLetter();
    expect(tries).toBe(3);
    expect(letter.properties.headers).toMatchObject({
      'x-attempt': 2,
      'x-reason': 'not now',
      'x-original-exchange': 'qbtc.topic',
      'x-original-routing-key': 'question',
      'x-original-queue': 'q',
    });
    // The second event was not held up by the first, although only one is processed at a time.
    // The letter may be here before its consumer knows that it is.
    await eventually(
      'all is told',
      async () => expect(outcomes).toEqual(['retried', 'processed', 'retried', 'dead_lettered']),
      { timeoutMs: 10_000 },
    );
    for (const delay of [20, 40]) await channel.deleteQueue(`q.retry.${delay}`);
    await channel.deleteExchange('qbtc.retry');
  });

  it('sends no more than may be unconfirmed, and nothing is lost by waiting', async () => {
    const bus = await createBus({ url: broker.url, service: 'eager', log, maxUnconfirmed: 4 });
    buses.push(bus);
    await eventually('connected', () => bus.check(), { timeoutMs: 10_000 });
    await Promise.all(Array.from({ length: 300 }, (_, n) => bus.publish(question, ask(n), TO)));
    await eventually(
      'all are in the queue',
      async () => {
        const { messageCount } = await channel.checkQueue('q');
        if (messageCount !== 300) throw new Error(`${messageCount}`);
      },
      { timeoutMs: 20_000 },
    );
  });

  it('dead-letters what is rejected, with the reason and without losing anything of it', async () => {
    const bus = await open('strict');
    bus.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 1,
      handle: async () => {
        throw new Rejection('not for me');
      },
    });
    const event = ask(7);
    await bus.publish(question, event, TO);
    const letter = await nextDeadLetter();
    expect(JSON.parse(letter.content.toString())).toEqual(event);
    expect(letter.properties).toMatchObject({ messageId: event.id, correlationId: 'c-1', type: 'question' });
    expect(letter.properties.headers).toMatchObject({
      'x-reason': 'not for me',
      'x-original-exchange': 'qbtc.topic',
      'x-original-routing-key': 'question',
      'x-rejected-by': 'strict',
    });
    expect((await channel.checkQueue('q')).messageCount).toBe(0);
  });

  // Waiting and dead letters are other queues, not other events: every type of header, every digit, every byte.
  it('passes on what waits or is given up as the bytes that came, but for its own notes', async () => {
    await channel.assertExchange('qbtc.retry', 'direct');
    await channel.assertQueue('q.retry.20', {
      durable: true,
      messageTtl: 20,
      deadLetterExchange: '',
      deadLetterRoutingKey: 'q',
    });
    await channel.bindQueue('q.retry.20', 'qbtc.retry', 'q.retry.20');
    const bus = await open('faithful');
    let tries = 0;
    bus.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 8,
      async handle() {
        tries += 1;
        throw tries === 1 ? new Error('not now') : new Rejection('not for me');
      },
    });
    const read = await connect(broker.url);
    keepProperties(read);
    const reading = await read.createChannel();
    const publishing = await read.createConfirmChannel();
    // As any client may send it: no id, a number beyond 2^53 in the body and a header, a time before 1970, bytes.
    const fields = [
      [...Buffer.from('\x04int8'), 0x6c, 0, 0x20, 0, 0, 0, 0, 0, 1],
      [...Buffer.from('\x04when'), 0x54, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [...Buffer.from('\x04half'), 0x64, 0x40, 0x14, 0, 0, 0, 0, 0, 0],
      [...Buffer.from('\x04text'), 0x53, 0, 0, 0, 2, 0xff, 0xfe],
    ].flat();
    const properties = new MessageProperties(
      Buffer.from([0x28, 0x40, 0, 0, 0, fields.length, ...fields, 7, ...Array(8).fill(0xff)]),
    );
    const valid = ask(9_007_199);
    const content = Buffer.from(JSON.stringify(valid).replace('9007199', '9007199254740993'));
    publishAsIs(publishing, TO, content, properties);
    publishAsIs(publishing, TO, Buffer.from([0xff, 0x00]), properties);
    await publishing.waitForConfirms();
    const letters: GetMessage[] = [];
    await eventually(
      'both are dead letters',
      async () => {
        const letter = await reading.get('q_dead', { noAck: true });
        if (letter !== false) letters.push(letter);
        expect(letters).toHaveLength(2);
      },
      { timeoutMs: 20_000 },
    );
    expect(tries).toBe(2);
    expect(letters.map((letter) => letter.content.toString('hex')).sort()).toEqual(
      [content.toString('hex'), 'ff00'].sort(),
    );
    for (const letter of letters) {
      const left = propertiesOf(letter).withHeaders({}, (name) => name.startsWith('x-'));
      // RabbitMQ sorts the headers by name as it notes that a message has waited.
      expect([...left.bytes].sort()).toEqual([...properties.bytes].sort());
      expect(left.headers).toEqual(properties.headers);
    }
    await read.close();
    await channel.deleteQueue('q.retry.20');
    await channel.deleteExchange('qbtc.retry');
  });

  it('tries again what failed, a bounded number of times', async () => {
    const bus = await open('flaky');
    const tries: boolean[] = [];
    const given: string[] = [];
    bus.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 1,
      async handle({ event, again }) {
        tries.push(again);
        if (event.data.n === 1 || tries.length < 2) throw new Error('not now');
      },
      async gaveUp({ event }, error) {
        given.push(`${event.data.n}: ${error.message}`);
        return 'dead-letter';
      },
    });
    await bus.publish(question, ask(2), TO);
    await eventually('it worked the second time', async () => expect(tries).toEqual([false, true]), {
      timeoutMs: 10_000,
    });
    tries.length = 0;
    await bus.publish(question, ask(1), TO);
    expect((await nextDeadLetter()).properties.headers).toMatchObject({ 'x-reason': 'not now' });
    expect(tries).toEqual([false, true, true]);
    expect(given).toEqual(['1: not now']);
  });

  it('drops what has expired', async () => {
    const bus = await open('late');
    await bus.publish(question, { ...ask(1), expirytime: new Date(Date.now() - 1).toISOString() }, TO);
    await bus.publish(question, ask(2), TO);
    const seen: number[] = [];
    bus.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 1,
      handle: async ({ event }) => void seen.push(event.data.n),
    });
    await eventually('the second came', async () => expect(seen).toEqual([2]), { timeoutMs: 10_000 });
  });

  it('drains: takes nothing new and finishes what it has', async () => {
    const bus = await open('drained');
    let finish = () => {};
    let taken = 0;
    const finished: number[] = [];
    bus.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 1,
      async handle({ event }) {
        taken += 1;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        finished.push(event.data.n);
      },
    });
    for (const n of [1, 2, 3]) await bus.publish(question, ask(n), TO);
    await eventually('one is taken', async () => expect(taken).toBe(1), { timeoutMs: 10_000 });
    const drained = bus.drain();
    await new Promise((resolve) => setTimeout(resolve, 50));
    finish();
    await drained;
    await bus.close();
    expect(finished).toEqual([1]);
    await eventually(
      'the others wait in the queue',
      async () => expect((await channel.checkQueue('q')).messageCount).toBe(2),
      { timeoutMs: 10_000 },
    );
  });

  it('comes back after the broker was killed: consumers, replies, and nothing confirmed is lost', async () => {
    const [asking, core] = await Promise.all([open('asking'), open('core')]);
    const seen = new Set<number>();
    core.consume({
      from: { queue: 'q' },
      type: question,
      prefetch: 4,
      async handle(delivery) {
        seen.add(delivery.event.data.n);
        await core.answer(delivery, answer, {
          kind: 'complete',
          index: 0,
          answer: 'x',
          text: String(delivery.event.data.n),
        });
      },
    });
    const confirmed: number[] = [];
    let on = true;
    const publishing = (async () => {
      for (let n = 1000; on; n += 1) {
        await asking.publish(question, ask(n), TO).then(
          () => confirmed.push(n),
          () => new Promise((resolve) => setTimeout(resolve, 20)),
        );
      }
    })();
    await eventually('some are confirmed', async () => expect(confirmed.length).toBeGreaterThan(20), {
      timeoutMs: 5000,
    });
    // RabbitMQ 3.10 forgets a quorum queue that was declared less than half a second before it is killed.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await broker.kill();
    await eventually(
      'the loss is noticed',
      async () => {
        await expect(asking.check()).rejects.toThrow();
      },
      { timeoutMs: 20_000 },
    );
    await broker.start();
    const before = confirmed.length;
    await eventually('more are confirmed', async () => expect(confirmed.length).toBeGreaterThan(before + 5), {
      timeoutMs: 20_000,
    });
    on = false;
    await publishing;
    await declare();
    await eventually(
      'every confirmed event was seen',
      async () => expect(confirmed.filter((n) => !seen.has(n))).toEqual([]),
      { timeoutMs: 10_000 },
    );
    expect(await collect(request(asking, 5))).toEqual(['complete:5']);
  });
});
