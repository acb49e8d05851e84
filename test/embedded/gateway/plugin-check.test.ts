import { describe, expect, it } from 'vitest';
import { metadataError, pluginsError } from '../../../src/embedded/gateway/plugin-check.ts';

/** Every place of a configuration that names a header, with a configuration that is fine otherwise. */
const NAMES: [plugin: string, configuration: (name: string) => object][] = [
  ['proxy-rewrite', (name) => ({ headers: { [name]: 'v' } })],
  ['proxy-rewrite', (name) => ({ headers: { set: { [name]: 'v' } } })],
  ['proxy-rewrite', (name) => ({ headers: { add: { [name]: 'v' } } })],
  ['proxy-rewrite', (name) => ({ headers: { remove: [name] } })],
  ['response-rewrite', (name) => ({ headers: { set: { [name]: 'v' } } })],
  ['response-rewrite', (name) => ({ headers: { remove: [name] } })],
  ['request-id', (name) => ({ header_name: name })],
  ['key-auth', (name) => ({ header: name })],
  ['jwt-auth', (name) => ({ header: name })],
  [
    'api-breaker',
    (name) => ({ break_response_code: 502, break_response_headers: [{ key: name, value: 'v' }] }),
  ],
  ['mocking', (name) => ({ response_example: 'x', response_headers: { [name]: 'v' } })],
  ['fault-injection', (name) => ({ abort: { http_status: 500, headers: { [name]: 'v' } } })],
  ['forward-auth', (name) => ({ uri: 'http://127.0.0.1/', request_headers: [name] })],
  ['forward-auth', (name) => ({ uri: 'http://127.0.0.1/', upstream_headers: [name] })],
  ['forward-auth', (name) => ({ uri: 'http://127.0.0.1/', client_headers: [name] })],
  ['forward-auth', (name) => ({ uri: 'http://127.0.0.1/', extra_headers: { [name]: 'v' } })],
  ['csrf', (name) => ({ key: 'k', name })],
];
/** Every place that gives one a value. */
const VALUES: [plugin: string, configuration: (value: string) => object][] = [
  ['proxy-rewrite', (value) => ({ headers: { A: value } })],
  ['proxy-rewrite', (value) => ({ headers: { set: { A: value } } })],
  ['proxy-rewrite', (value) => ({ headers: { add: { A: value } } })],
  ['response-rewrite', (value) => ({ headers: { A: value } })],
  ['response-rewrite', (value) => ({ headers: { set: { A: value } } })],
  ['response-rewrite', (value) => ({ headers: { add: [`A:${value}`] } })],
  ['api-breaker', (value) => ({ break_response_code: 502, break_response_headers: [{ key: 'A', value }] })],
  ...['allow_methods', 'allow_headers', 'expose_headers'].map((field): (typeof VALUES)[number] => [
    'cors',
    (value) => ({ [field]: value }),
  ]),
  ['mocking', (value) => ({ response_example: 'x', response_headers: { A: value } })],
  ['fault-injection', (value) => ({ abort: { http_status: 500, headers: { A: value } } })],
  ['forward-auth', (value) => ({ uri: 'http://127.0.0.1/', extra_headers: { A: value } })],
  ['http-logger', (value) => ({ uri: 'http://127.0.0.1/', auth_header: value })],
];

const checked = (plugin: string, configuration: object) => pluginsError({ [plugin]: configuration }, 'route');

describe('a header in the configuration of a plugin', () => {
  it.each(NAMES)('is a name: %s %o', (plugin, configuration) => {
    expect(checked(plugin, configuration('X-Name'))).toBeUndefined();
    for (const name of ['X:Y', 'X\r\nY', 'X Y', 'X\0', 'Ä', '(X)'])
      expect(checked(plugin, configuration(name)), JSON.stringify(name)).toMatch(/err: .*(header|pattern)/);
  });

  it.each(VALUES)('has a value: %s %o', (plugin, configuration) => {
    for (const value of ['v', 'größe\t$arg_x']) expect(checked(plugin, configuration(value))).toBeUndefined();
    for (const value of ['v\r\nSet-Cookie: a=b', 'v\nw', 'v\0w', 'v\u007fw', '\u0001'])
      expect(checked(plugin, configuration(value)), JSON.stringify(value)).toMatch(
        /err: .*(value character in header|pattern|none of)/,
      );
  });

  it('is a name in the metadata of a plugin', () => {
    expect(metadataError('limit-count', { limit_header: 'X-Limit' })).toBeUndefined();
    for (const field of ['limit_header', 'remaining_header', 'reset_header'])
      expect(metadataError('limit-count', { [field]: 'X-Limit:' })).toBe('invalid field character in header');
  });
});
