import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRounds } from '../src/rounds.ts';
import { Service } from '../src/service.ts';
import { work } from '../src/work.ts';

test('goes on after a round that failed, says so meanwhile, and ends with the round that it is in', async () => {
  const service = new Service();
  const seen: string[] = [];
  let atWork = 0;
  let goOn = () => {};
  const reached = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const sometimes = async (_signal: AbortSignal, correlationId: string) => {
    seen.push(correlationId);
    if (seen.length === 1) throw new Error('no');
    if (seen.length === 2) assert.equal((await service.health.report()).checks.rounds?.status, 'degraded');
    atWork += 1;
    assert.equal(atWork, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    atWork -= 1;
    if (seen.length === 4) goOn();
  };
  startRounds(sometimes, service, 1);
  await reached;
  await service.close();
  assert.equal(atWork, 0);
  assert.equal((await service.health.report()).checks.rounds?.status, 'healthy');
  assert.equal(new Set(seen).size, seen.length);
  assert.match(service.metrics.text(), /your_service_rounds_total\{outcome="failed"\} 1/);
});

test('its work can be done', () => work(new AbortController().signal, 'c-1'));
