import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Certificates } from '../../../../src/embedded/gateway/proxy/certificates.ts';
import { SecretReferences } from '../../../../src/embedded/gateway/secret-references.ts';
import { volatileJournal } from '../../../../src/embedded/gateway/state/journal.ts';
import { type Sealing, Store } from '../../../../src/embedded/gateway/state/store.ts';

const sealing: Sealing = {
  seal: (_, value) => value,
  unseal: (_, value) => value,
  reopen: (_, value) => value,
};

describe('certificates', () => {
  const logged: string[] = [];
  let store: Store;
  let certificates: Certificates;

  beforeAll(async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'x' }], { keyType: 'ec' });
    Object.assign(process.env, { QBTC_TEST_CERT: cert, QBTC_TEST_CERT_KEY: key });
    store = await Store.open(volatileJournal, sealing);
    const log = (_: string, message: string) => void logged.push(message);
    certificates = new Certificates(store, new SecretReferences('/nowhere', Date.now, log), log);
  });
  afterAll(() => {
    delete process.env.QBTC_TEST_CERT;
    delete process.env.QBTC_TEST_CERT_KEY;
  });

  it('may stand in variables; one that is not there, or is none, leaves the others as they are', async () => {
    const key = '$env://QBTC_TEST_CERT_KEY';
    await store.put('ssls', '1', { cert: '$ENV://QBTC_TEST_CERT', key, sni: 'one.example' });
    await store.put('ssls', '2', { cert: '$env://QBTC_TEST_NOT_THERE', key, sni: 'two.example' });
    await store.put('ssls', '3', { cert: key, key, snis: ['three.example'] });
    expect(certificates.find('ONE.example')).toBeDefined();
    expect(certificates.find('two.example')).toBeUndefined();
    expect(certificates.find('three.example')).toBeUndefined();
    expect(logged).toEqual([
      'a reference to a secret leads nowhere',
      expect.stringContaining('a certificate cannot be used: '),
    ]);
  });
});
