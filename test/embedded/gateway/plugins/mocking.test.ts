import { describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
let routes = 0;
async function mocked(configuration: object, query = '') {
  const uri = `/m${routes++}`;
  await bench.route(uri, { mocking: configuration });
  const answer = await bench.send(uri + query);
  expect(bench.seen).toBeUndefined();
  return answer;
}

const SCHEMA = {
  type: 'object',
  properties: {
    id: { type: 'integer', example: 7.9 },
    name: { type: 'string', example: 'größe <&>' },
    price: { type: 'number', example: 1.5 },
    open: { type: 'boolean', example: true },
    tags: { type: 'array', items: { type: 'string', example: 't' } },
    nested: { type: 'object', properties: { deep: { type: 'string', example: 'd' } } },
    __proto__: { type: 'string' },
    untyped: { example: 1 },
    list: { type: 'array' },
  },
};

describe('mocking', () => {
  it('answers with the example', async () => {
    const answer = await mocked(
      {
        response_example: '{"a":"ä $arg_q"}',
        response_status: 203,
        response_headers: { 'X-Q': '$arg_q', 'X-N': 1 },
      },
      '?q=%FF%0A',
    );
    expect([answer.status, answer.body]).toEqual([203, `{"a":"\xc3\xa4 \xff\n"}`]);
    expect(answer.headers['content-type']).toEqual(['application/json;charset=utf8']);
    expect(answer.headers['x-mock-by']).toEqual(['qbtc-gateway']);
    expect([answer.headers['x-q'], answer.headers['x-n']]).toEqual([['\xff%0A'], ['1']]);
  });

  it('says nothing of itself where that is not wanted', async () => {
    const answer = await mocked({
      response_example: 'x',
      with_mock_header: false,
      content_type: 'text/plain',
    });
    expect([answer.headers['x-mock-by'], answer.headers['content-type']]).toEqual([
      undefined,
      ['text/plain'],
    ]);
  });

  it('makes up a document of a schema, examples where they are', async () => {
    bench.random = 0;
    const { body } = await mocked({ response_schema: SCHEMA });
    expect(JSON.parse(Buffer.from(body, 'latin1').toString())).toEqual({
      id: 7,
      name: 'größe <&>',
      price: 1.5,
      open: true,
      tags: ['t'],
      nested: { deep: 'd' },
    });
  });

  it('makes up what has no example', async () => {
    const properties = Object.fromEntries(
      ['integer', 'string', 'number', 'boolean'].map((type) => [type, { type }]),
    );
    bench.random = 0.9999;
    const made = JSON.parse((await mocked({ response_schema: { type: 'object', properties } })).body);
    expect(made).toEqual({ integer: 10_000, string: 'zzzzzzzzzz', number: 9999, boolean: true });
  });

  it('writes it as XML where that is wanted', async () => {
    bench.random = 0.5;
    const { body } = await mocked({ response_schema: SCHEMA, content_type: 'application/xml' });
    expect(Buffer.from(body, 'latin1').toString()).toBe(
      '<data><id>7</id><name>größe &lt;&amp;&gt;</name><price>1.5</price><open>true</open>' +
        '<tags>t</tags><tags>t</tags><nested><deep>d</deep></nested><untyped></untyped><list></list></data>',
    );
  });

  it('does not grow without end', async () => {
    let schema: object = { type: 'string' };
    for (let i = 0; i < 40; i++) schema = { type: 'array', items: schema };
    bench.random = 0.9999;
    const answer = await mocked({ response_schema: { type: 'object', properties: { a: schema } } });
    expect(answer.body.length).toBeLessThan(30_000);
  });

  it.each([
    [{}, 'object matches none of the required: ["response_example"] or ["response_schema"]'],
    [{ response_example: 'x', content_type: 'image/png' }, 'unsupported content type!'],
    [{ response_example: 'x', content_type: 'text/plain;\r\nX-A: b' }, 'invalid value character in header'],
    [
      { response_example: 'x', response_status: 100 },
      'property "response_status" validation failed: expected 100 to be at least 200',
    ],
    [{ response_example: 'x', response_headers: { 'X A': 'b' } }, 'invalid field character in header'],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ mocking: configuration })).toBe(message);
  });
});
