import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { watchServices } from '../../src/discovery/watch/index.ts';
import { container, scriptedEngine } from '../support/docker/scripted-engine.ts';
import { emptyStack } from '../support/stack.ts';

test('a thousand events a second are looked at a few times, and a lost stream is taken up again', async () => {
  const event = JSON.stringify({ Action: 'rename', Actor: { ID: 'abc' } });
  let streams = 0;
  const { context, requests } = await scriptedEngine([container(1)], (response) => {
    streams += 1;
    const flood = async () => {
      for (let batch = 0; batch < 20; batch += 1) {
        response.write(`${event}\n`.repeat(50));
        await sleep(50);
      }
      response.end();
    };
    void flood();
  });
  const end = new AbortController();
  const said: string[] = [];
  await watchServices(context, emptyStack('/stack'), {
    sources: ['docker'],
    end: end.signal,
    async onLook({ changes }) {
      said.push(...changes.map(({ change }) => change));
      if (streams >= 2 && said.includes('source-back')) end.abort();
      return true;
    },
  });
  expect(said).toEqual(['crashed', 'source-lost', 'source-back']);
  const lists = requests.filter((request) => request.includes('/containers/json')).length;
  expect(lists).toBeLessThan(15);
  // Subscribed before anything was listed: nothing is missed in between.
  const first = requests.findIndex((request) => request.includes('/containers/json'));
  expect(requests.slice(0, first).some((request) => request.includes('/events'))).toBe(true);
});
