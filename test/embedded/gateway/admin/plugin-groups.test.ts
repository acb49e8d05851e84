import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { exchange } from '../support/http.ts';

let gateway: TestGateway;
let standalone: TestGateway;

beforeAll(async () => {
  [gateway, standalone] = await Promise.all([startTestGateway(), startTestGateway({ standalone: true })]);
});
afterAll(() => Promise.all([gateway.close(), standalone.close()]));

const MISMATCH = 'failed to check the configuration of plugin limit-count err: group conf mismatched';
const plugins = (fields: object = {}) => ({
  'limit-count': { count: 2, time_window: 60, group: 'one', ...fields },
});
const put = async (path: string, body: object): Promise<[number, string | undefined]> => {
  const answer = await gateway.admin('PUT', path, body);
  return [answer.status, (JSON.parse(answer.body) as { error_msg?: string }).error_msg];
};

describe('the configurations of a group of limit-count', () => {
  it('are one: another is refused, wherever it stands', async () => {
    expect(await put('/routes/first', { uri: '/first', plugins: plugins() })).toEqual([201, undefined]);
    const same = plugins({ key: 'remote_addr', rejected_code: 503, _meta: { priority: 7 } });
    expect(await put('/routes/same', { uri: '/same', plugins: same })).toEqual([201, undefined]);
    const other = plugins({ count: 3 });
    expect(await put('/routes/other', { uri: '/other', plugins: other })).toEqual([400, MISMATCH]);
    for (const path of ['/services/1', '/plugin_configs/1', '/consumer_groups/1', '/global_rules/1'])
      expect(await put(path, { plugins: other })).toEqual([400, MISMATCH]);
    expect(await put('/consumers', { username: 'jack', plugins: other })).toEqual([
      400,
      `invalid plugins configuration: ${MISMATCH}`,
    ]);
    expect(await put('/routes/same', { uri: '/same', plugins: other })).toEqual([400, MISMATCH]);
    const patch = await gateway.admin('PATCH', '/routes/same', { plugins: other });
    expect(JSON.parse(patch.body)).toEqual({ error_msg: MISMATCH });
    expect(
      await put('/routes/other', { uri: '/other', plugins: plugins({ count: 3, group: 'two' }) }),
    ).toEqual([201, undefined]);
  });

  it('may change where one stands alone', async () => {
    expect(
      await put('/routes/other', { uri: '/other', plugins: plugins({ count: 4, group: 'two' }) }),
    ).toEqual([200, undefined]);
  });

  it('are one in a standalone configuration', async () => {
    const send = (digest: string, second: object) =>
      exchange(`${standalone.adminUrl}/configs`, {
        method: 'PUT',
        headers: { 'X-API-KEY': 'a-key-for-tests', 'X-Digest': digest },
        body: JSON.stringify({
          services: [{ id: '1', plugins: plugins() }],
          routes: [
            { id: '1', uri: '/1', plugins: second },
            { id: '2', uri: '/2', service_id: '1' },
          ],
        }),
      });
    expect((await send('1', plugins())).status).toBe(202);
    const refused = await send('2', plugins({ count: 3 }));
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.body)).toEqual({ error_msg: `invalid services at index 0, err: ${MISMATCH}` });
  });
});
