import { describe, expect, it } from 'vitest';
import { refusalsOf } from '../../../../src/embedded/gateway/judge/refusals.ts';

describe('what the gateway would refuse', () => {
  it('is told plugin by plugin, then for the object itself', () => {
    const refusals = refusalsOf([
      { collection: 'routes', id: 'good', value: { uri: '/a', plugins: { 'key-auth': {} } } },
      {
        collection: 'routes',
        id: 'bad',
        value: {
          uri: '/b',
          plugins: { echo: {}, nobody: {}, cors: { max_age: 'x' } },
          filter_func: 'function(vars) return true end',
        },
      },
    ]);
    expect(refusals.map(({ index }) => index)).toEqual([1, 1, 1, 1]);
    expect(refusals.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^unknown plugin \[echo\]: plugin "echo" is not available in this gateway/),
      'unknown plugin [nobody]',
      expect.stringMatching(/^failed to check the configuration of plugin cors err: property "max_age"/),
      expect.stringMatching(/^property "filter_func", which is Lua, is not available in this gateway/),
    ]);
  });

  it('is looked for in every kind, references left aside', () => {
    expect(
      refusalsOf([
        { collection: 'upstreams', id: 'u', value: { type: 'roundrobin', nodes: { 'a:0': 1 } } },
        { collection: 'services', id: 's', value: { upstream_id: 'nowhere' } },
        { collection: 'consumers', id: 'c', value: { username: 'c', plugins: { 'wolf-rbac': {} } } },
        { collection: 'credentials', id: 'c/k', value: { plugins: { 'key-auth': { key: 'k' } } } },
        { collection: 'plugin_metadata', id: 'file-logger', value: { log_format: {} } },
        { collection: 'global_rules', id: 'g', value: { plugins: { toString: {} } } },
      ]).map(({ index, reason }) => [index, reason]),
    ).toEqual([
      [0, expect.stringContaining('port')],
      [2, expect.stringContaining('"wolf-rbac" is not available')],
      [5, 'unknown plugin [toString]'],
    ]);
  });
});
