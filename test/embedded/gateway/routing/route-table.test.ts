import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
/** The route that took the request; the status when none did. */
async function routeOf(target: string, request?: Parameters<typeof bench.send>[1]): Promise<string> {
  const { status, headers } = await bench.send(target, request);
  return headers['x-route']?.[0] ?? String(status);
}
const named = (name: string) => ({ 'response-rewrite': { headers: { set: { 'X-Route': name } } } });
const form = (body: string) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body,
});
const json = (value: unknown) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)).toString('latin1'),
});

describe('the route of a request', () => {
  beforeAll(async () => {
    await bench.route('/*', named('open'));
    await bench.route('/admin/*', named('admin'));
    await bench.route('/größe/*', named('größe'));
    await bench.route('/host', named('host'), { hosts: ['Admin.Example', '*.Wild.example'] });
    await bench.route('/host', named('port'), { host: 'port.example:8080' });
    await bench.route('/r/:kind/*rest', named('parameters'));
    await bench.route('/infix/*/cities', named('infix'));
    await bench.route('/r/é', named('é'), { vars: [['arg_é', '==', 'ü']], priority: 1 });
  });

  it.each([
    ['/admin/x', 'admin'],
    ['/%61dmin/x', 'admin'],
    ['/a/../admin//x', 'admin'],
    ['/open/..%2fadmin/x', 'admin'],
    ['/admin/x#/../../open', 'admin'],
    ['/gr%C3%B6%C3%9Fe/x%ff', 'größe'],
    ['/gr\u00c3\u00b6\u00c3\u009fe/\u00ff', 'größe'],
    ['/gr%F6%DFe/x', 'open'],
    ['/infix/de/cities', 'infix'],
    ['/r/a/b/c', 'parameters'],
    ['/r/%C3%A9?%C3%A9=%C3%BC', 'é'],
  ])('of %s is %s', async (target, route) => {
    expect(await routeOf(target)).toBe(Buffer.from(route).toString('latin1'));
  });

  it('forwards bytes of a path as they came, without a fragment', async () => {
    await bench.send('/a/../gr%C3%B6/x%ff?q=%fe#/../y');
    expect(bench.seen?.target).toBe('/a/../gr%C3%B6/x%ff?q=%fe');
  });

  it.each([
    '/admin/%00',
    '/%',
    '/%zz',
    '/..',
    '/a/../../admin/x',
    '*',
  ])('is nobody’s for %s: 400', async (target) => {
    expect((await bench.send(target)).status).toBe(400);
    expect(bench.seen).toBeUndefined();
  });

  it.each([
    ['ADMIN.example.', 'host'],
    ['a.wild.EXAMPLE:80', 'host'],
    ['wild.example', 'open'],
    ['PORT.example:8080', 'port'],
    ['port.example', 'open'],
  ])('of Host %s is %s', async (host, route) => {
    expect(await routeOf('/host', { headers: { Host: host } })).toBe(route);
  });

  it('goes by the authority of an absolute target, which the upstream gets as Host', async () => {
    const headers = { Host: 'open.example' };
    expect(await routeOf('http://admin.example:81/host', { headers })).toBe('host');
    expect(bench.got('host')).toEqual(['admin.example:81']);
  });

  it('keeps its place among equals when it is changed', async () => {
    const { upstream } = bench;
    const nodes = { [upstream.address]: 1 };
    for (const id of ['first', 'second', 'first']) {
      await bench.put(`/routes/${id}`, {
        uri: '/equal',
        plugins: named(id),
        upstream: { type: 'roundrobin', nodes },
      });
    }
    expect(await routeOf('/equal')).toBe('first');
  });
});

describe('vars of a route', () => {
  beforeAll(async () => {
    await bench.route('/v', named('other'));
    const route = (name: string, vars: unknown) => bench.route('/v', named(name), { vars, priority: 1 });
    await route('toString', [['toString', '~=', null]]);
    await route('proto', [['__proto__', '~=', null]]);
    await route('parameter', [['uri_param_constructor', '~=', null]]);
    await route('argument', [['arg_toString', '==', 'a']]);
    await route('bare', [['arg_bare', '==', true]]);
    await route('folded', [['http_x_folded', '==', '1, 2']]);
    await route('form', [['post_arg_k', '==', 'v']]);
    await route('path', [['post_arg.a.b', '==', 7]]);
    await route('query', [['post_arg.list[*].n', 'has', 'é']]);
    await route('parts', [['post_arg.part', '==', 'é']]);
    await route('later', [['arg_later', '==', '1']]);
  });

  it.each([
    ['/v', 'other'],
    ['/v?toString=a', 'argument'],
    ['/v?bare', 'bare'],
    ['/v?bare=', 'other'],
  ])('make %s the request of %s', async (target, route) => {
    expect(await routeOf(target)).toBe(route);
  });

  it('see all fields of a name, whatever its dashes', async () => {
    const headers: [string, string][] = [
      ['X-Folded', '1'],
      ['x_folded', '2'],
    ];
    expect(await routeOf('/v', { headers })).toBe('folded');
  });

  it.each([
    ['an argument of a form', form('a=1&k=v&k=w'), 'form'],
    ['the first argument of that name', form('k=w&k=v'), 'other'],
    ['a path in JSON', json({ a: { b: 7 } }), 'path'],
    ['a number in text', json({ a: { b: '7.0' } }), 'path'],
    ['another value in JSON', json({ a: { b: true } }), 'other'],
    ['no path through a list', json({ a: [{ b: 7 }] }), 'other'],
    ['a JSONPath', json({ list: [{ n: 'e' }, { n: 'é' }] }), 'query'],
    ['names that every object has', json(JSON.parse('{"__proto__":{"b":7},"list":{}}')), 'other'],
    ['no JSON', { ...json(0), body: '{"a":' }, 'other'],
    ['JSON that is nested without end', { ...json(0), body: '['.repeat(50_000) }, 'other'],
    ['a body of another type', { method: 'POST', body: 'k=v' }, 'other'],
  ])('look at a body: %s', async (_, request, route) => {
    expect(await routeOf('/v', request)).toBe(route);
    expect(bench.seen?.body).toBe(request.body);
  });

  it('look at the parts of a form', async () => {
    const body = '--b\r\nContent-Disposition: form-data; name="part"\r\n\r\n\u00c3\u00a9\r\n--b--\r\n';
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
    expect(await routeOf('/v', { method: 'POST', headers, body })).toBe('parts');
  });

  it('refuse a body that goes on for longer than it may be held', async () => {
    const chunk = `${(2 ** 20).toString(16)}\r\n${' '.repeat(2 ** 20)}\r\n`;
    const headers = { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' };
    const request = { method: 'POST', headers, body: `${chunk}${chunk}0\r\n\r\n` };
    expect((await bench.send('/v', request)).status).toBe(413);
    expect(await routeOf('/v?later=1', request)).toBe('413');
    expect(await routeOf('/other', request)).toBe('open');
  });

  it.each([
    [
      [['graphql_name', '==', 'x']],
      'variable "graphql_name" is not available in this gateway; APISIX has it',
    ],
    [
      [['post_arg.a[?match(@.b,"(a+)+")]', '==', 'x']],
      'a regular expression in "post_arg.a[?match(@.b,"(a+)+")]" is not',
    ],
    [[['post_arg.a[', '==', 'x']], 'invalid JSONPath "$.a["'],
    [
      ['arg_a', '==', 'x'],
      "failed to validate the 'vars' expression: rule should be wrapped inside brackets",
    ],
    [[['arg_a', '~~', '(a)\\1']], 'invalid regex: back references are not available in this gateway'],
  ])('are refused when they cannot be carried out: %j', async (vars, reason) => {
    const { status, body } = await bench.gateway.admin('PUT', '/routes/refused', {
      uri: '/refused',
      plugins: {},
      vars,
    });
    expect(status).toBe(400);
    expect((JSON.parse(body) as { error_msg: string }).error_msg).toContain(reason);
  });
});
