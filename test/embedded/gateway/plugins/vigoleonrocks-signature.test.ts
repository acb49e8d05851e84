import { describe, expect, it } from 'vitest';
import {
  SIGNATURE_HEADERS,
  signatureOf,
} from '../../../../src/embedded/gateway/plugins/vigoleonrocks-signature.ts';
import { pluginBench } from '../support/plugins.ts';

const KEY = 'a-signing-key-of-a-test';
const bench = pluginBench();

describe('vigoleonrocks-signature', () => {
  it('signs what the upstream gets, and lets no spelling of its names through', async () => {
    await bench.route('/signed/*', { 'vigoleonrocks-signature': { key: KEY, replay_window: 60 } });
    const names = Object.values(SIGNATURE_HEADERS);
    const forged = [...names, ...names.map((name) => name.replaceAll('-', '_'))];
    await bench.send('/signed/%C4?a=b', {
      headers: forged.map((name): [string, string] => [name, 'forged']),
    });
    expect(bench.seen?.headers.filter(([, value]) => value === 'forged')).toEqual([]);
    const timestamp = bench.now / 1000;
    expect(bench.got(SIGNATURE_HEADERS.signature)).toEqual([
      signatureOf(KEY, {
        method: 'GET',
        target: '/signed/%C4?a=b',
        timestamp,
        expires: timestamp + 60,
        nonce: bench.got(SIGNATURE_HEADERS.nonce)[0] ?? '',
      }),
    ]);
  });
});
