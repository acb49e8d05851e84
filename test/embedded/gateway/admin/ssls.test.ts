import { generateKeyPairSync } from 'node:crypto';
import { connect } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let pair: { cert: string; key: string };
const otherKey = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey;

beforeAll(async () => {
  gateway = await startTestGateway({ tlsPort: 0 });
  const made = await generate([{ name: 'commonName', value: 'one.example' }], { keyType: 'ec' });
  pair = { cert: made.cert, key: made.private };
});
afterAll(() => gateway.close());

interface Told {
  status: number;
  error_msg?: string;
  value?: Record<string, unknown>;
  list?: { value: Record<string, unknown> }[];
}

async function admin(method: string, path: string, body?: unknown): Promise<Told> {
  const answer = await gateway.admin(method, path, body);
  return { status: answer.status, ...(JSON.parse(answer.body || '{}') as object) };
}

const LACKING =
  'not available in this gateway; APISIX has it (provider docker, or external for one that is installed)';

/** As the list of all shows it. */
const listed = async () => (await admin('GET', '/ssls')).list?.[0]?.value;

describe('a certificate', () => {
  it('that was listed can be put back: its keys are sealed once, and are the same', async () => {
    const { cert, key } = pair;
    const put = await admin('PUT', '/ssls/1', { ...pair, certs: [cert], keys: [key], sni: 'one.example' });
    expect(put.status).toBe(201);
    const sealed = await listed();
    expect(sealed?.key).not.toContain('PRIVATE KEY');

    const { create_time: _, update_time: __, ...again } = sealed ?? {};
    expect((await admin('PUT', '/ssls/1', again)).status).toBe(200);
    expect((await admin('PATCH', '/ssls/1', { key: sealed?.key, status: 0 })).status).toBe(200);
    expect((await admin('PATCH', '/ssls/1/keys', sealed?.keys)).status).toBe(200);
    // What is sealed is longer than what it seals; twice sealed, it would have grown.
    const after = await listed();
    expect(String(after?.key)).toHaveLength(String(sealed?.key).length);
    expect(String(after?.keys)).toHaveLength(String(sealed?.keys).length);
  });

  it.each([
    [
      'a key of nobody',
      { key: Buffer.alloc(200, 7).toString('base64') },
      'failed to decrypt previous encrypted key',
    ],
    [
      'a key that is too short to have been sealed',
      { key: `${'A'.repeat(128)}` },
      'failed to decrypt previous encrypted key',
    ],
    [
      'no key',
      { key: `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(128)}` },
      'failed to parse key: PEM_read_bio_PrivateKey() failed',
    ],
    ["another pair's key", { key: otherKey }, 'failed to handle cert-key pair: key values mismatch'],
    ['more certificates than keys', { certs: ['c'.repeat(128)] }, 'mismatched number of certs and keys'],
    [
      'a second pair that is none',
      { certs: ['c'.repeat(128)], keys: [otherKey] },
      'failed to handle cert-key pair[1]: failed to parse cert: PEM_read_bio_X509_AUX() failed',
    ],
    ['clients that show one', { client: { ca: 'c'.repeat(128) } }, `property "client" is ${LACKING}`],
    [
      'an upstream that is shown it',
      { type: 'client' },
      `type "client", a certificate to show upstreams, is ${LACKING}`,
    ],
    [
      'an old version of TLS',
      { ssl_protocols: ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] },
      `"TLSv1.1" in property "ssl_protocols" is ${LACKING}`,
    ],
  ])('is refused with %s', async (_name, fields, words) => {
    const told = await admin('PUT', '/ssls/2', { ...pair, sni: 'two.example', ...fields });
    expect(told.status).toBe(400);
    expect(told.error_msg).toBe(words);
  });

  it('speaks the versions of TLS that it names, and no other', async () => {
    const over = async (servername: string, version: 'TLSv1.2' | 'TLSv1.3') => {
      const socket = connect({
        host: '127.0.0.1',
        port: gateway.tlsPort ?? 0,
        servername,
        rejectUnauthorized: false,
        minVersion: version,
        maxVersion: version,
      });
      let answer = '';
      socket
        .on('error', () => {})
        .on('data', (chunk: Buffer) => {
          answer += chunk.toString('latin1');
        });
      socket.write(`GET /nowhere HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`);
      // It may be reset.
      await new Promise((resolve) => socket.once('close', resolve));
      return answer.slice(0, 12);
    };
    const names = {
      'new.example': ['TLSv1.3'],
      'old.example': ['TLSv1.2'],
      'both.example': ['TLSv1.3', 'TLSv1.2'],
    };
    for (const [sni, protocols] of Object.entries(names))
      expect((await admin('PUT', `/ssls/${sni}`, { ...pair, sni, ssl_protocols: protocols })).status).toBe(
        201,
      );
    const answers = await Promise.all(
      Object.keys(names).map(async (name) => [await over(name, 'TLSv1.2'), await over(name, 'TLSv1.3')]),
    );
    expect(answers).toEqual([
      ['', 'HTTP/1.1 404'],
      ['HTTP/1.1 404', ''],
      ['HTTP/1.1 404', 'HTTP/1.1 404'],
    ]);
  });
});
