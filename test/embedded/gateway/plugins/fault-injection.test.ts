import { describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
let routes = 0;
async function injected(configuration: object, query = '') {
  const uri = `/f${routes++}`;
  await bench.route(uri, { 'fault-injection': configuration });
  return bench.send(uri + query);
}

describe('fault-injection', () => {
  it('answers in the upstream’s place', async () => {
    const answer = await injected(
      {
        abort: {
          http_status: 403,
          body: 'größe $arg_q\n',
          headers: { 'X-Q': '$arg_q', 'X-N': 7, 'X-Gone': '' },
        },
      },
      '?q=%FF%0D%0AX-B:c',
    );
    expect([answer.status, answer.body]).toEqual([
      403,
      `${Buffer.from('größe ').toString('latin1')}\xff\r\nX-B:c\n`,
    ]);
    expect(answer.headers['x-q']).toEqual(['\xff%0D%0AX-B:c']);
    expect([answer.headers['x-n'], answer.headers['x-gone'], answer.headers['x-b']]).toEqual([
      ['7'],
      undefined,
      undefined,
    ]);
    expect(bench.seen).toBeUndefined();
  });

  it('answers with a page where there is no body, with nothing where it is empty', async () => {
    expect((await injected({ abort: { http_status: 500 } })).body).toContain('<title>500');
    expect((await injected({ abort: { http_status: 500, body: '' } })).body).toBe('');
    expect((await injected({ abort: { http_status: 204, body: 'x' } })).body).toBe('');
  });

  it.each([
    [0, 0, false],
    [100, 0.999, true],
    [50, 0.499, true],
    [50, 0.5, false],
    [1, 0.0099, true],
    [1, 0.01, false],
  ])('hits %i in a hundred: drawn %d, hit %s', async (percentage, drawn, hit) => {
    bench.random = drawn;
    const answer = await injected({ abort: { http_status: 403, percentage } });
    expect(answer.status === 403).toBe(hit);
  });

  it.each([
    ['?name=jack', 403],
    ['?age=19', 403],
    ['?age=17', 200],
    ['', 200],
  ])('hits those alone for which one of the expressions holds: %s', async (query, status) => {
    const vars = [[['arg_name', '==', 'jack']], [['arg_age', '>', 18]]];
    expect((await injected({ abort: { http_status: 403, vars } }, query)).status).toBe(status);
  });

  it('hits nothing by an empty list of expressions', async () => {
    expect((await injected({ abort: { http_status: 403, vars: [] } })).status).toBe(200);
  });

  it('lets requests wait, those alone that are chosen', async () => {
    const before = performance.now();
    expect((await injected({ delay: { duration: 0.05 }, abort: { http_status: 401 } })).status).toBe(401);
    expect(performance.now() - before).toBeGreaterThanOrEqual(49);
    const vars = [[['arg_slow', '==', '1']]];
    expect((await injected({ delay: { duration: 1e9, vars } })).status).toBe(200);
  });

  it.each([
    [{}, 'expect object to have at least 1 properties'],
    [{ abort: {} }, 'property "abort" validation failed: property "http_status" is required'],
    [
      { abort: { http_status: 100 } },
      'property "abort" validation failed: property "http_status" validation failed: expected 100 to be at least 200',
    ],
    [
      { abort: { http_status: 600 } },
      'property "abort" validation failed: property "http_status" validation failed: expected 600 to be at most 599',
    ],
    [{ abort: { http_status: 200, headers: { 'X-A': 'b\r\nX-C: d' } } }, 'invalid value character in header'],
    [
      { delay: { duration: -1 } },
      'property "delay" validation failed: property "duration" validation failed: expected -1 to be at least 0',
    ],
    [
      { delay: { duration: 1, percentage: 101 } },
      'property "delay" validation failed: property "percentage" validation failed: expected 101 to be at most 100',
    ],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'fault-injection': configuration })).toBe(message);
  });

  it('refuses an expression that is none', async () => {
    const vars = [[['arg_name', 'like', 'jack']]];
    expect(await bench.refusal({ 'fault-injection': { abort: { http_status: 403, vars } } })).not.toBe('');
  });
});
