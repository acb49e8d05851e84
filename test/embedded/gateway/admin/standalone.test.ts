import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';
import { startUpstream, type TestUpstream } from '../support/upstream.ts';

let gateway: TestGateway;
let upstream: TestUpstream;

beforeAll(async () => {
  upstream = await startUpstream((_, response) => response.end('hello'));
  gateway = await startTestGateway({ standalone: true });
});
afterAll(() => Promise.all([gateway.close(), upstream.close()]));

const KEY = { 'X-API-KEY': 'a-key-for-tests' };
const send = (method: string, headers: Record<string, string>, body?: string) =>
  exchange(`${gateway.adminUrl}/configs`, {
    method,
    headers: { ...KEY, ...headers },
    ...(body === undefined ? {} : { body }),
  });
let sent = 0;
const refusal = async (headers: Record<string, string>, body: string) => {
  const answer = await send('PUT', { 'X-Digest': `${++sent}`, ...headers }, body);
  return [answer.status, (JSON.parse(answer.body) as { error_msg: string }).error_msg];
};

describe('a standalone configuration', () => {
  const yaml = { 'Content-Type': 'application/yaml; charset=utf-8' };

  it('comes and goes as YAML', async () => {
    const text = `routes:\n  - id: y1\n    uri: /y1\n    upstream:\n      nodes: {"${upstream.address}": 1}\n`;
    expect((await send('PUT', { 'X-Digest': 'y', ...yaml }, text)).status).toBe(202);
    expect((await exchange(`${gateway.proxyUrl}/y1`)).body).toBe('hello');
    const told = await send('GET', { Accept: 'application/yaml' });
    expect(told.headers['content-type']).toBe('application/yaml');
    expect(parse(told.body)).toMatchObject({ routes: [{ id: 'y1', uri: '/y1' }], 'X-Digest': 'y' });
  });

  it('tells its digest without its lists', async () => {
    const head = await send('HEAD', {});
    expect([head.status, head.body, head.headers['x-digest']]).toEqual([200, '', 'y']);
    expect(head.headers['x-last-modified']).toMatch(/^\d{10}$/);
  });

  it('is refused where it is none', async () => {
    for (const body of ['null', '1', '"routes"'])
      expect(await refusal({}, body)).toEqual([400, 'invalid request body: it is no object']);
    expect((await refusal(yaml, 'routes: [')).at(0)).toBe(400);
    const bomb = [
      'a: &a [x, x]',
      ...'bcdefghij'
        .split('')
        .map((name, i) => `${name}: &${name} [*${'abcdefghi'[i]}, *${'abcdefghi'[i]}, *${'abcdefghi'[i]}]`),
    ];
    expect((await refusal(yaml, bomb.join('\n'))).at(0)).toBe(400);
  });

  it('names what stands in it twice as it stands there', async () => {
    const credential = { id: 'jack/credentials/one', plugins: { 'key-auth': { key: 'k' } } };
    const consumers = [{ username: 'jack' }, credential, credential];
    expect(await refusal({}, JSON.stringify({ consumers }))).toEqual([
      400,
      'found duplicate credential id jack/credentials/one in consumers',
    ]);
  });
});
