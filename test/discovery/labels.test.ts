import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLabels } from '../../src/discovery/labels.ts';

const read = (labels: Record<string, string>) =>
  readLabels({ 'qbtc.service': 'true', ...labels }, 'container web');

test('every label is read', () => {
  expect(
    read({
      'qbtc.name': 'orders',
      'qbtc.port': '3000',
      'qbtc.path': '/orders/',
      'qbtc.health': '/healthz',
      'qbtc.version': '2.1',
      'qbtc.weight': '3',
      'qbtc.plugins': '{"key-auth":{}}',
      'com.example.owner': 'us',
    }),
  ).toEqual({
    service: true,
    name: 'orders',
    port: 3000,
    path: '/orders',
    health: '/healthz',
    version: '2.1',
    weight: 3,
    plugins: { 'key-auth': {} },
    findings: [],
    refused: '',
  });
});

describe('what is wrong is named, found and expected, and never replaced by a default', () => {
  test.each([
    ['qbtc.port', '99999', 'a port from 1 to 65535'],
    ['qbtc.port', 'http', 'a port from 1 to 65535'],
    ['qbtc.port', '0x50', 'a port from 1 to 65535'],
    ['qbtc.path', 'orders', 'a path that starts with /'],
    ['qbtc.path', '/a b', 'a path without blanks'],
    ['qbtc.path', '/*', 'a path without blanks'],
    ['qbtc.path', '/a/../b', 'a path without . and ..'],
    ['qbtc.path', '//a', 'a path without //'],
    ['qbtc.health', 'health', 'a path that starts with /'],
    ['qbtc.weight', '-1', 'a weight from 0 to 10000'],
    ['qbtc.name', 'a/b', 'a name of letters'],
    ['qbtc.name', '', 'a name of letters'],
    ['qbtc.version', '', 'a version'],
    ['qbtc.plugins', '{"key-auth":', 'JSON'],
    ['qbtc.plugins', '["key-auth"]', 'a JSON object of plugins by name'],
    ['qbtc.plugins', '{"key-auth":true}', 'a JSON object of plugins by name'],
    ['qbtc.service', 'yes', 'true or false'],
  ])('%s=%s', (label, value, expected) => {
    const { findings, refused, ...rest } = read({ [label]: value });
    expect(refused).toContain(`${label}: found ${JSON.stringify(value)}, expected ${expected}`);
    expect(findings).toMatchObject([{ code: 'bad-label', severity: 'error', subject: 'container web' }]);
    expect(rest).not.toHaveProperty(label === 'qbtc.service' ? 'name' : label.slice(5));
  });
});

test.each([
  ['qbtc.prot', 'qbtc.port'],
  ['qbct.port', 'qbtc.port'],
  ['QBTC.Name', 'qbtc.name'],
  ['qbtc.plugin', 'qbtc.plugins'],
])('%s is no label: did you mean %s?', (label, near) => {
  const { findings } = read({ [label]: 'x' });
  expect(findings).toMatchObject([
    { code: 'unknown-label', severity: 'warning', fix: `did you mean ${near}?` },
  ]);
});

test('whatever the labels hold, they are read or refused, and nothing throws', () => {
  const name = fc.constantFrom(
    'service',
    'name',
    'port',
    'path',
    'health',
    'version',
    'weight',
    'plugins',
    'x',
  );
  fc.assert(
    fc.property(fc.dictionary(name, fc.string()), (given) => {
      const labels = Object.fromEntries(Object.entries(given).map(([key, value]) => [`qbtc.${key}`, value]));
      const { findings, refused, port, path, weight } = readLabels(labels, 'container web');
      expect(refused === '').toBe(!findings.some(({ severity }) => severity === 'error'));
      if (port !== undefined) expect(port).toBeGreaterThan(0);
      if (path !== undefined) expect(path).toMatch(/^\//);
      if (weight !== undefined) expect(Number.isInteger(weight)).toBe(true);
    }),
  );
});
