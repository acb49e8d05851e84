import { describe, expect, it } from 'vitest';
import { upstreamError } from '../../../src/embedded/gateway/upstream-check.ts';
import type { GatewayObject } from '../../../src/model/gateway.ts';

describe('an upstream', () => {
  it.each([
    { nodes: { '127.0.0.1:1980': 1 } },
    { nodes: [{ host: '127.0.0.1:1980', weight: 1 }] },
    { nodes: [{ host: '::1', port: 80, weight: 1 }] },
    { nodes: {} },
    { nodes: { a: 1 }, type: 'ewma' },
    { nodes: { a: 1 }, scheme: 'https', tls: { verify: true } },
    {
      nodes: { a: 1 },
      checks: { active: { http_path: '/größe?x=1', req_headers: ['User-Agent: probe', 'X-A:'] } },
    },
  ])('may be %j', (value) => {
    expect(upstreamError(value)).toBeUndefined();
  });

  it.each<[GatewayObject, string]>([
    [{ nodes: { '127.0.0.1:0': 1 } }, 'invalid port 0'],
    [{ nodes: { '127.0.0.1:65536': 1 } }, 'invalid port 65536'],
    [{ nodes: [{ host: '127.0.0.1:0', weight: 1 }] }, 'invalid port 0'],
    [{ nodes: [{ host: '*.example', port: 80, weight: 1 }] }, 'invalid address "*.example" of a node'],
    [{ nodes: { '${{NODE}}': 1 } }, 'invalid address "${{NODE}}" of a node'],
    [{ nodes: {}, pass_host: 'rewrite' }, "`upstream_host` can't be empty when `pass_host` is `rewrite`"],
    [{ nodes: {}, type: 'chash' }, 'missing key'],
    ...[0, -1].map((timeout): [GatewayObject, string] => [
      { nodes: {}, checks: { active: { timeout } } },
      'property "checks.active.timeout" must be greater than 0',
    ]),
    ...[0, -1].map((concurrency): [GatewayObject, string] => [
      { nodes: {}, checks: { active: { concurrency } } },
      'property "checks.active.concurrency" must be greater than 0',
    ]),
    [
      { nodes: {}, checks: { active: { http_path: '/a b' } } },
      'property "checks.active.http_path" cannot be sent: "/a b"',
    ],
    [
      { nodes: {}, checks: { active: { http_path: '/a\r\nX: y' } } },
      'property "checks.active.http_path" cannot be sent: "/a\\r\\nX: y"',
    ],
    [
      { nodes: {}, checks: { active: { http_path: '' } } },
      'property "checks.active.http_path" cannot be sent: ""',
    ],
    ...['no colon', ': v', 'a b: v', 'A: v\r\nB: w', 'A: \0'].map((field): [GatewayObject, string] => [
      { nodes: {}, checks: { active: { req_headers: [field] } } },
      `property "checks.active.req_headers" cannot be sent: ${JSON.stringify(field)}`,
    ]),
  ])('is not %j', (value, error) => {
    expect(upstreamError(value)).toBe(error);
  });
});
