import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await gateway.admin('PUT', '/routes/1', { uri: `/r/${'a'.repeat(60)}!`, name: 'größe', plugins: {} });
  await gateway.admin('PUT', '/routes/2', { uris: ['/b', '/c'], name: 'two', plugins: {} });
});
afterAll(() => gateway.close());

const listed = async (query: Record<string, string>) => {
  const { status, body } = await gateway.admin('GET', `/routes?${new URLSearchParams(query)}`);
  const { list } = JSON.parse(body) as { list: { value: { id: string } }[] };
  return status === 200 && Array.isArray(list) ? list.map(({ value }) => value.id) : status;
};

describe('a list of resources', () => {
  it.each([
    [{ name: '^gr..+e$' }, ['1']],
    [{ name: '(?i)TWO' }, ['2']],
    [{ uri: '^/c$' }, ['2']],
    [{ uri: '^/r/(a+)+$' }, []],
    [{ name: '(' }, 400],
  ])('is filtered by %j: %j', async (query, expected) => {
    expect(await listed(query as Record<string, string>)).toEqual(expected);
  });
});
