import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const chunked = (...pieces: string[]) => ({
  method: 'POST',
  headers: { 'Transfer-Encoding': 'chunked' },
  body: `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`,
});

beforeAll(async () => {
  const route = (uri: string, configuration: object) => bench.route(uri, { 'client-control': configuration });
  await route('/five', { max_body_size: 5 });
  await route('/any', { max_body_size: 0 });
  await route('/unsaid', {});
});

describe('client-control', () => {
  it.each([
    ['/five', { method: 'POST', body: '12345' }, 200],
    ['/five', { method: 'POST', body: '123456' }, 413],
    ['/five', chunked('123', '45'), 200],
    ['/five', chunked('123', '456'), 413],
    ['/five', {}, 200],
    ['/any', { method: 'POST', body: 'x'.repeat(1000) }, 200],
    ['/unsaid', chunked('x'.repeat(1000)), 200],
  ])('%s with %j: %i', async (target, request, status) => {
    expect((await bench.send(target, request)).status).toBe(status);
  });

  it('refuses what is announced before it comes', async () => {
    const headers = { 'Content-Length': '6', Expect: '100-continue' };
    expect((await bench.send('/five', { method: 'POST', headers })).status).toBe(413);
    expect(bench.seen).toBeUndefined();
  });

  it.each([
    [{ max_body_size: -1 }, 'property "max_body_size" validation failed: expected -1 to be at least 0'],
    [
      { max_body_size: 1.5 },
      'property "max_body_size" validation failed: wrong type: expected integer, got number',
    ],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'client-control': configuration })).toBe(message);
  });
});
