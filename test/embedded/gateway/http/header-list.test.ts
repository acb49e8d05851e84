import { describe, expect, it } from 'vitest';
import { HeaderList } from '../../../../src/embedded/gateway/http/header-list.ts';

describe('fields that the gateway sets', () => {
  it('hold no control but tabs: the value of a client cannot begin a line', () => {
    const headers = new HeaderList();
    headers.put('X-A', 'a\r\nX-B: b\0\x7f\tc');
    expect(headers.flat).toEqual(['X-A', 'a%0D%0AX-B: b%00%7F\tc']);
  });

  it('keep bytes, and turn what is none into those of UTF-8', () => {
    const headers = new HeaderList();
    headers.append('X-Bytes', 'caf\xe9 \xff');
    // Cut to their lowest byte, these would be a line end.
    headers.append('X-Text', '\u010d\u010a😀');
    expect(headers.flat).toEqual([
      'X-Bytes',
      'caf\xe9 \xff',
      'X-Text',
      Buffer.from('\u010d\u010a😀').toString('latin1'),
    ]);
  });

  it('go when they are set to an empty text, as in APISIX', () => {
    const headers = new HeaderList(['X-A', '1', 'x-a', '2', 'X-B', '3']);
    headers.put('X-A', '');
    headers.append('X-C', '');
    expect(headers.flat).toEqual(['X-B', '3']);
  });
});

describe('fields that the gateway vouches for', () => {
  it.each([
    'X-Consumer-Username',
    'x-consumer-username',
    'X_Consumer_Username',
    'X-CONSUMER_USERNAME',
    'X.Consumer-Username',
    'X!Consumer~Username',
  ])('are removed when they are spelt %s', (name) => {
    const headers = new HeaderList(['Host', 'a', name, 'forged', 'X-B', 'b', name, 'forged again']);
    headers.removeVouched('X-Id', 'X-Consumer-Username');
    expect(headers.flat).toEqual(['Host', 'a', 'X-B', 'b']);
  });

  it.each([
    'XConsumerUsername',
    'X-Consumer-Username-2',
    'X-Consumer-Usernamf',
    'X--Consumer-Username',
  ])('are not %s', (name) => {
    const headers = new HeaderList([name, 'own']);
    headers.removeVouched('X-Consumer-Username');
    expect(headers.get(name)).toBe('own');
  });
});
