import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpointFields, externalEndpoint, ownEndpoint } from '../../src/config/endpoints.ts';
import { RESOURCE_KINDS } from '../../src/model/resource.ts';
import { factsOf } from '../../src/resources/facts.ts';

/** Those whose addresses qbtc makes. */
const KNOWN = RESOURCE_KINDS.filter((kind) => Object.keys(factsOf(kind).schemes).length > 0);
const stackName = fc.stringMatching(/^[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,5})?$/);
const port = fc.integer({ min: 1, max: 65_535 });
const secret = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });

describe('an endpoint of our own', () => {
  test('names the database as SQL likes it', () => {
    const ports = { main: 1 };
    const endpoint = ownEndpoint({ kind: 'postgres', stack: 'my-shop', ports, secret: 's' });
    expect(endpoint).toMatchObject({ user: 'my_shop', database: 'my_shop' });
  });

  test('is read back from its url by the rule for external ones, whatever the secret', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KNOWN),
        stackName,
        port,
        port,
        secret,
        (kind, stack, main, other, password) => {
          const ports = { main, management: other, admin: other };
          const endpoint = ownEndpoint({ kind, stack, ports, secret: password });
          const { managementUrl, adminKey } = endpoint;
          expect(externalEndpoint({ kind, url: endpoint.url, managementUrl, adminKey })).toEqual({
            endpoint,
          });
        },
      ),
    );
  });

  test('never leaves loopback', () => {
    for (const kind of RESOURCE_KINDS) {
      const endpoint = ownEndpoint({ kind, stack: 'a', ports: { main: 1 }, secret: 's' });
      expect(new URL(endpoint.url).hostname).toBe('127.0.0.1');
      expect(endpoint.host).toBe('127.0.0.1');
    }
  });
});

describe('an endpoint of somebody else', () => {
  test.each([
    ['rabbitmq', 'amqp://mq', { host: 'mq', port: 5672, vhost: '/', url: 'amqp://mq/%2F' }],
    ['rabbitmq', 'amqps://u:p@mq/', { port: 5671, user: 'u', password: 'p', vhost: '/' }],
    ['rabbitmq', 'amqp://u:p@mq:1/a%2Fb?heartbeat=5', { port: 1, vhost: 'a/b' }],
    ['redis', 'rediss://:p%40ss@[::1]:7000/2', { host: '::1', port: 7000, password: 'p@ss' }],
    ['postgres', 'postgres://u:p@db/shop?sslmode=require', { port: 5432, database: 'shop' }],
    ['postgres', 'postgresql://u:p@db', { database: 'u' }],
    ['apisix', 'https://gw.example/', { url: 'https://gw.example', port: 443 }],
  ] as const)('%s %s', (kind, url, expected) => {
    expect(externalEndpoint({ kind, url })).toMatchObject({ endpoint: expected });
  });

  test('has no credentials that its url does not name', () => {
    const result = externalEndpoint({ kind: 'rabbitmq', url: 'amqp://mq' });
    expect(result).not.toHaveProperty('endpoint.user');
    expect(result).not.toHaveProperty('endpoint.password');
  });

  test.each([
    ['rabbitmq', 'http://u:hunter2@h'],
    ['redis', 'not a url hunter2'],
    ['postgres', 'postgres://u:hunter2%@h'],
    ['postgres', 'postgres:///hunter2'],
  ] as const)('%s %s is refused without being repeated', (kind, url) => {
    const result = externalEndpoint({ kind, url });
    expect(result).toHaveProperty('problem.field', 'url');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  test('credentials in the management address are refused', () => {
    const managementUrl = 'http://u:hunter2@mq:15672';
    const result = externalEndpoint({ kind: 'rabbitmq', url: 'amqp://mq', managementUrl });
    expect(result).toHaveProperty('problem.field', 'management');
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });
});

test('a resource offers the fields that it has', () => {
  const fields = (kind: (typeof RESOURCE_KINDS)[number]) =>
    Object.keys(endpointFields(kind, ownEndpoint({ kind, stack: 'a', ports: { main: 1 }, secret: 's' })));
  expect(fields('rabbitmq')).toEqual(['url', 'host', 'port', 'user', 'password', 'vhost', 'management_url']);
  expect(fields('redis')).toEqual(['url', 'host', 'port', 'password']);
  expect(fields('postgres')).toEqual(['url', 'host', 'port', 'user', 'password', 'database']);
  expect(fields('apisix')).toEqual(['url', 'host', 'port', 'admin_url', 'admin_key']);
});
