import { describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

describe('request-id', () => {
  it.each([
    [{}, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/],
    [{ algorithm: 'nanoid' }, /^[\w-]{21}$/],
    [{ algorithm: 'range_id' }, /^[a-zA-Z0-9]{16}$/],
    [{ algorithm: 'range_id', range_id: { length: 6, char_set: 'aäbbbb' } }, /^[ab\xc3\xa4]{6}$/],
    [{ algorithm: 'ksuid' }, /^[0-9A-Za-z]{27}$/],
  ])('makes one by %j, which client and upstream get', async (configuration, form) => {
    const uri = `/made-${form.source.replace(/\W/g, '')}`;
    await bench.route(uri, { 'request-id': configuration });
    const answer = await bench.send(uri);
    const [id] = bench.got('x-request-id');
    expect(id).toMatch(form);
    expect(answer.headers['x-request-id']).toEqual([id]);
  });

  it('makes KSUIDs that sort by time', async () => {
    await bench.route('/ksuid', { 'request-id': { algorithm: 'ksuid' } });
    const made = async () => {
      await bench.send('/ksuid');
      bench.now += 1000;
      return String(bench.got('x-request-id')[0]);
    };
    const ids = [await made(), await made(), await made()];
    expect([...ids].sort()).toEqual(ids);
    // Seconds since 13 May 2014 in the first 32 bits.
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const value = [...String(ids[0])].reduce((sum, each) => sum * 62n + BigInt(digits.indexOf(each)), 0n);
    expect(Number(value >> 128n) + 1_400_000_000).toBe(Date.parse('2026-11-20T14:45:07Z') / 1000);
  });

  it('keeps the one that a client has given, and takes no other spelling for one', async () => {
    await bench.route('/given', { 'request-id': { include_in_response: false } });
    const answer = await bench.send('/given', { headers: { 'x-request-id': 'own' } });
    expect(bench.got('x-request-id')).toEqual(['own']);
    expect(answer.headers['x-request-id']).toBeUndefined();
    await bench.send('/given', { headers: { 'X-Request-Id': '', X_Request_Id: 'forged' } });
    expect(bench.got('x-request-id')[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(bench.seen?.headers.filter(([name]) => /^x_request_id$/i.test(name))).toEqual([]);
  });

  it.each([
    [{ header_name: 'X Id' }, 'invalid field character in header'],
    [{ header_name: 'X-Id\r\nX-B' }, 'invalid field character in header'],
    [{ range_id: { char_set: 'abcde\n' } }, 'invalid value character in header'],
    [{ range_id: { length: 1e9 } }, 'an id of more than 1024 characters fits into no head'],
    [
      { range_id: { length: 5 } },
      'property "range_id" validation failed: property "length" validation failed: expected 5 to be at least 6',
    ],
    [{ algorithm: 'snowflake' }, 'property "algorithm" validation failed: matches none of the enum values'],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'request-id': configuration })).toBe(message);
  });
});
