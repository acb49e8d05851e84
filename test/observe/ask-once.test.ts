import { expect, onTestFinished, test } from 'vitest';
import { askOnce } from '../../src/observe/ask-once.ts';
import { reachContext } from '../support/context.ts';
import { scriptedServer } from '../support/scripted-server.ts';

test('the given addresses are asked once, all others each time', async () => {
  const server = await scriptedServer((_, response) => response.end(`${server.requests.length}`));
  onTestFinished(() => server.close());
  const http = askOnce(reachContext().http, [`${server.url}/health`], 2_000);
  const get = async (path: string, method = 'GET') =>
    (await http(`${server.url}${path}`, { method, timeoutMs: 2_000 })).body;
  const answers = await Promise.all([get('/health'), get('/health')]);
  expect([...answers, await get('/health')]).toEqual(['1', '1', '1']);
  expect([await get('/metrics'), await get('/metrics'), await get('/health', 'POST')]).toEqual([
    '2',
    '3',
    '4',
  ]);
});

test('a slow service is waited for, whoever asks first and with whatever patience', async () => {
  const server = await scriptedServer((_, response) => {
    setTimeout(() => response.end('well'), 100);
  });
  onTestFinished(() => server.close());
  const http = askOnce(reachContext().http, [server.url], 60_000);
  const answers = await Promise.all([
    http(server.url, { timeoutMs: 1 }),
    http(server.url, { timeoutMs: 60_000 }),
  ]);
  expect(answers.map(({ body }) => body)).toEqual(['well', 'well']);
});
