import { Rejection } from '@stack/runtime/bus';
import { EventInvalid } from '@stack/runtime/events';
import { createLog } from '@stack/runtime/logging';
import { expect, test } from 'vitest';
import { yourServiceTask } from '../src/contracts/your-service-task.js';
import { work } from '../src/work.js';

/** @type {string[]} */
const lines = [];
const log = createLog({
  service: 'your-service',
  level: 'info',
  destination: { write: (line) => lines.push(line) },
});
/** @param {{ task: string }} data */
const eventOf = (data) => yourServiceTask.create(data, { source: 'test', correlationid: 'c-1' });

test('does a task, and writes it down', async () => {
  const event = yourServiceTask.decode(yourServiceTask.encode(eventOf({ task: 'tidy up' })));
  await work({ event, log });
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    message: 'did a task',
    context: { task: 'tidy up' },
  });
});

test('rejects what can never be done', async () => {
  await expect(work({ event: eventOf({ task: '  ' }), log })).rejects.toThrow(Rejection);
});

test('takes nothing that breaks its contract', () => {
  expect(() => yourServiceTask.encode(eventOf({ task: '' }))).toThrow(EventInvalid);
  expect(() => yourServiceTask.decode(Buffer.from([0xff]))).toThrow(EventInvalid);
});
