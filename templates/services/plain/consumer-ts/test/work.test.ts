import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventIn } from '../src/consumer.ts';
import { Rejection, work } from '../src/work.ts';

test('does a task', () => work({ task: 'tidy up' }, 'c-1'));

test('rejects what is not as its contract says', async () => {
  const wrong = [
    null,
    [],
    {},
    { task: '' },
    { task: ' ' },
    { task: 'x'.repeat(201) },
    { task: 1 },
    { task: 'a', b: 1 },
  ];
  for (const data of wrong) await assert.rejects(work(data, 'c-1'), Rejection, JSON.stringify(data));
});

test('takes events of its own alone', () => {
  const event = eventIn(Buffer.from('{"type": "your_service_task", "data": {"task": "tidy up"}}'));
  assert.deepEqual(event.data, { task: 'tidy up' });
  for (const content of ['', '[]', 'null', '{}', '{"type": "another", "data": {}}'])
    assert.throws(() => eventIn(Buffer.from(content)), Rejection);
  assert.throws(() => eventIn(Buffer.from([0xff])), Rejection);
  assert.deepEqual(eventIn(Buffer.from('{"task": "tidy up"}'), 'none'), { data: { task: 'tidy up' } });
});
