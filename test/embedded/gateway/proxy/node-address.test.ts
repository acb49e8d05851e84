import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeAddress } from '../../../../src/embedded/gateway/proxy/node-address.ts';

describe('the address of a node', () => {
  it.each([
    ['127.0.0.1', { host: '127.0.0.1', port: undefined }],
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['localhost:65535', { host: 'localhost', port: 65535 }],
    ['my_service-1.example.', { host: 'my_service-1.example.', port: undefined }],
    ['::1', { host: '[::1]', port: undefined }],
    ['[::1]', { host: '[::1]', port: undefined }],
    ['[2001:db8::1]:8080', { host: '[2001:db8::1]', port: 8080 }],
  ])('%s', (text, address) => {
    expect(nodeAddress(text)).toEqual(address);
  });

  it.each([
    ['127.0.0.1:0', 'invalid port 0'],
    ['127.0.0.1:65536', 'invalid port 65536'],
    ['[::1]:70000', 'invalid port 70000'],
    ['127.0.0.1:http', 'invalid address "127.0.0.1:http" of a node'],
    ['127.0.0.1:', 'invalid address "127.0.0.1:" of a node'],
    [':80', 'invalid address ":80" of a node'],
    ['', 'invalid address "" of a node'],
    ['http://127.0.0.1:80', 'invalid address "http://127.0.0.1:80" of a node'],
    ['a b', 'invalid address "a b" of a node'],
    ['*.example', 'invalid address "*.example" of a node'],
    ['[::1', 'invalid address "[::1" of a node'],
    ['1:2:3', 'invalid address "1:2:3" of a node'],
    ['${{NODE}}', 'invalid address "${{NODE}}" of a node'],
    ['a\r\nHost: b', 'invalid address "a\\r\\nHost: b" of a node'],
  ])('%j is none', (text, error) => {
    expect(nodeAddress(text)).toBe(error);
  });

  it('holds whatever a host and a port can be', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.domain()), fc.integer({ min: 1, max: 65535 }), (host, port) => {
        expect(nodeAddress(`${host}:${port}`)).toEqual({ host, port });
      }),
      { numRuns: 50 },
    );
  });
});
