import { expect, test } from 'vitest';
import { faultNamed, faultNames } from '../../src/chaos/index.ts';
import { chained } from '../heal/world.ts';

const fault = (name: string, options = {}) => faultNamed({ ...chained(), topologyFiles: [] }, name, options);

test('a fault is a subject and a kind, whatever hyphens the subject has', async () => {
  expect(await fault('quantum-core-down')).toMatchObject({ kind: 'down', subject: 'quantum-core' });
  expect(await fault('llm-chat-corrupt')).toMatchObject({ kind: 'corrupt', subject: 'llm-chat' });
});

test('a name that is not one gets the nearest', async () => {
  await expect(fault('brokr-down')).rejects.toMatchObject({
    code: 'FAULT_UNKNOWN',
    exit: 64,
    hint: expect.stringContaining('did you mean broker-down?'),
  });
  await expect(fault('llm-chat-down')).rejects.toMatchObject({ code: 'FAULT_UNKNOWN' });
});

test('an option that the kind does not take is refused, with those that it takes', async () => {
  await expect(fault('broker-down', { latencyMs: 5 })).rejects.toMatchObject({
    code: 'FAULT_OPTION',
    hint: 'it takes no options',
  });
  await expect(fault('broker-slow', { count: 5 })).rejects.toMatchObject({
    message: 'broker-slow takes no count',
    hint: 'it takes latency, jitter, bandwidth, loss, reset',
  });
});

test('every part of the stack can be broken', async () => {
  const names = await faultNames({ ...chained(), topologyFiles: [] });
  for (const part of ['broker', 'gateway', 'llm-api', 'quantum-core'])
    for (const kind of ['down', 'kill', 'pause', 'slow', 'cut']) expect(names).toContain(`${part}-${kind}`);
});
