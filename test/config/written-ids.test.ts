import { describe, expect, test } from 'vitest';
import { gatewayFileSchema } from '../../src/config/sections/gateway.ts';
import { readLabels } from '../../src/discovery/labels.ts';

test('ids may be written without quotes, as APISIX takes them', () => {
  const parsed = gatewayFileSchema.parse({
    routes: [{ id: 1, uri: '/a', upstream_id: 2 }],
    upstreams: [{ id: 2 }],
    consumers: [{ username: 1001, credentials: [{ id: 3, plugins: {} }] }],
  });
  expect(parsed.routes[0]).toMatchObject({ id: '1', upstream_id: 2 });
  expect(parsed.consumers[0]).toMatchObject({ username: '1001', credentials: [{ id: '3' }] });
  // What has lost its digits on the way is no id.
  for (const id of [Number('9007199254740993'), 1.5, true, null])
    expect(gatewayFileSchema.safeParse({ routes: [{ id }] }).success).toBe(false);
});

describe('the health document of a label', () => {
  test.each(['/health?deep=1', '/', '/a/b?x=1&y=*', '/healthz/'])('%s', (health) => {
    const { findings, ...labels } = readLabels({ 'qbtc.service': 'true', 'qbtc.health': health }, 'x');
    expect([findings, labels.health]).toEqual([[], health]);
  });

  test.each(['health', '//host/x', '/a b', '/a#b', ''])('%j is none', (health) => {
    expect(readLabels({ 'qbtc.health': health }, 'x').findings).toHaveLength(1);
  });
});
