import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { exchange } from './support/http.ts';
import { startUpstream, type TestUpstream } from './support/upstream.ts';

// What an APISIX 3.14.1 with its default configuration sends to an upstream about the client and the connection
// (apisix/cli/ngx_tpl.lua, `location /`; apisix/init.lua, `handle_x_forwarded_headers`; nginx's realip module).

// Otherwise: the way that a client names in X-Forwarded-For goes on, in its order; APISIX drops what nobody vouches for.

let gateway: TestGateway;
let upstream: TestUpstream;

beforeAll(async () => {
  gateway = await startTestGateway();
  upstream = await startUpstream((request, response) => response.end(JSON.stringify(request.headers)));
  await route('plain', {});
});
afterAll(() => Promise.all([gateway.close(), upstream.close()]));

async function route(id: string, plugins: object, fields: object = {}): Promise<void> {
  const answer = await gateway.admin('PUT', `/routes/${id}`, {
    uri: `/${id}`,
    plugins,
    upstream: { nodes: { [upstream.address]: 1 } },
    ...fields,
  });
  expect(answer.status, answer.body).toBeLessThan(300);
}

const rewriting = (id: string, headers: object) => route(id, { 'proxy-rewrite': { headers } });

/** The fields that the upstream gets of a request with these fields. */
async function fieldsOf(path: string, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  const { body } = await exchange(gateway.proxyUrl + path, {
    headers: { Host: 'client.example', ...headers },
  });
  return JSON.parse(body) as Record<string, string>;
}

describe('what the gateway says about the client', () => {
  it('is what it has seen itself', async () => {
    const told = await fieldsOf('/plain', {
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Port': '1',
    });
    expect(told).toMatchObject({
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'client.example',
      'x-forwarded-port': String(gateway.port),
    });
  });

  it('stands behind the way that the client names', async () => {
    const told = await fieldsOf('/plain', { 'X-Forwarded-For': '1.1.1.1, 2.2.2.2' });
    expect(told['x-forwarded-for']).toBe('1.1.1.1, 2.2.2.2, 127.0.0.1');
  });

  it.each([
    '10.1.2.3',
    '2001:db8::1',
  ])('has the address that the loopback names in X-Real-IP: %s', async (ip) => {
    const told = await fieldsOf('/plain', { 'X-Real-IP': ip });
    expect([told['x-real-ip'], told['x-forwarded-for']]).toEqual([ip, ip]);
  });

  it('has the last address that it names there', async () => {
    expect((await fieldsOf('/plain', { 'X-Real-IP': '10.1.2.3, 10.4.5.6' }))['x-real-ip']).toBe('10.4.5.6');
  });

  it('has the address of the connection where that is none', async () => {
    for (const none of ['somebody', '', '10.1.2.300'])
      expect((await fieldsOf('/plain', { 'X-Real-IP': none }))['x-real-ip']).toBe('127.0.0.1');
  });

  it("is what plugins go by: the address in X-Real-IP is the client's", async () => {
    await route('restricted', { 'ip-restriction': { whitelist: ['10.1.2.3'] } });
    const status = async (ip: string) =>
      (await exchange(`${gateway.proxyUrl}/restricted`, { headers: { 'X-Real-IP': ip } })).status;
    expect([await status('10.1.2.3'), await status('10.1.2.4')]).toEqual([200, 403]);
  });

  it('is what routes and plugins find under those names', async () => {
    const vars = [
      ['http_x_forwarded_proto', '==', 'http'],
      ['http_x_forwarded_host', '==', 'client.example'],
      ['http_x_forwarded_port', '==', String(gateway.port)],
    ];
    await route('vouched', {}, { vars });
    const answer = await exchange(`${gateway.proxyUrl}/vouched`, {
      headers: { Host: 'client.example', 'X-Forwarded-Proto': 'https' },
    });
    expect(answer.status).toBe(200);
  });
});

describe('what proxy-rewrite says about the client', () => {
  it.each([
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'public.example'],
    ['X-Forwarded-Port', '443'],
  ])('goes on: %s', async (name, value) => {
    await rewriting('set', { set: { [name]: value } });
    expect((await fieldsOf('/set'))[name.toLowerCase()]).toBe(value);
  });

  it('stands before the address in X-Forwarded-For', async () => {
    await rewriting('set', { set: { 'X-Forwarded-For': '1.1.1.1' } });
    expect((await fieldsOf('/set'))['x-forwarded-for']).toBe('1.1.1.1, 127.0.0.1');
  });

  it('is not asked for in X-Real-IP', async () => {
    await rewriting('set', { set: { 'X-Real-IP': '1.1.1.1' } });
    expect((await fieldsOf('/set'))['x-real-ip']).toBe('127.0.0.1');
  });

  it('cannot take away what the gateway says', async () => {
    await rewriting('remove', { remove: ['X-Forwarded-Host', 'X-Forwarded-For', 'X-Real-IP'] });
    expect(await fieldsOf('/remove')).toMatchObject({
      'x-real-ip': '127.0.0.1',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'client.example',
    });
  });
});

describe('the connection to an upstream', () => {
  it('is kept without a word, as HTTP/1.1 has it', async () => {
    for (const connection of ['keep-alive', 'close'])
      expect(await fieldsOf('/plain', { Connection: connection })).not.toHaveProperty('connection');
    expect(await fieldsOf('/plain')).not.toHaveProperty('keep-alive');
  });
});

it.each([
  'X_Real_IP',
  'x-real_ip',
  'X_Forwarded_For',
  'X.Forwarded-Proto',
  'X_FORWARDED_HOST',
  'Content_Length',
  'Transfer_Encoding',
])('lets no client say %s: many an upstream takes it for the name with dashes', async (name) => {
  const fields = await fieldsOf('/plain', { [name]: 'forged', X_Own: 'own' });
  expect(Object.values(fields)).not.toContain('forged');
  expect(fields.x_own).toBe('own');
});
