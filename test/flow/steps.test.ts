import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { runFlows } from '../../src/flow/index.ts';
import { chain } from './chain.ts';
import { hop, last, run, step, subjects } from './one-flow.ts';

describe('log', () => {
  const line = (id: string, message: string) =>
    JSON.stringify({ correlation_id: id, level: 'info', message });
  const wanted = step('log', [
    'of: gateway',
    'expect: { json: { $.message: stored } }',
    'every: 10ms',
    'within: 50ms',
  ]);

  test('finds the line of its own correlation id among all others', async () => {
    const result = await run(wanted, (id) => [
      'no JSON',
      line('other', 'stored'),
      line(id, 'took'),
      line(id, 'stored'),
    ]);
    expect(last(result)).toMatchObject({ status: 'passed' });
  });

  test.each<[string, (id: string) => string]>([
    ['pino', (id) => JSON.stringify({ level: 40, time: 1, msg: 'stored', correlation_id: id, rows: 2 })],
    ['logfmt', (id) => `level=warn msg=stored correlation_id=${id} rows=2`],
    ['Nest', (id) => `[Nest] 7  - 11/29/2026, 6:11:05 PM    WARN [Orders] stored correlation_id=${id}`],
  ])('finds it in the form of others: %s', async (form, written) => {
    const has = form === 'Nest' ? '$.context.context: Orders' : '$.level: warn';
    const message = form === 'Nest' ? '$.level: warn' : '$.message: stored';
    const lines = ['of: gateway', `expect: { json: { ${message}, ${has} } }`, 'every: 10ms', 'within: 50ms'];
    const result = await run(step('log', lines), (id) => [written('other'), written(id)]);
    expect(last(result)).toMatchObject({ status: 'passed' });
  });

  test.each([
    [(id: string) => [line(id, 'took')], '$.message is "took", expected "stored"'],
    [() => [line('other', 'stored')], 'no line of this correlation id among the last 1'],
  ])('and says what was there instead', async (log, evidence) => {
    const result = await run(wanted, log);
    expect(last(result)).toMatchObject({ status: 'failed', evidence: expect.stringContaining(evidence) });
  });
});

describe('an answer', () => {
  const again = (expectation: string[]) =>
    step('http', [
      'request: { url: "${gateway.url}/" }',
      'expect:',
      ...expectation.map((line) => `  ${line}`),
    ]);
  const schema = (type: string) =>
    `schema: { type: object, required: [name], properties: { name: { type: ${type} } } }`;

  test('keeps to a JSON Schema and to a time', async () => {
    const result = await run(again([schema('string'), 'duration: { less_than: 10000 }']));
    expect(last(result)).toMatchObject({ status: 'passed' });
  });

  test.each([
    [schema('integer'), '/name must be integer'],
    ['schema: { type: nothing }', 'the schema cannot be used'],
    ['schema: no/such/file.json', 'the schema cannot be used: ENOENT'],
    ['duration: { less_than: 0 }', 'the duration in ms is'],
  ])('or not: %s', async (expectation, evidence) => {
    const result = await run(again([expectation]));
    expect(last(result)).toMatchObject({ status: 'failed', evidence: expect.stringContaining(evidence) });
  });
});

describe('http with until', () => {
  const counting = async (answersAt: number, until: string) => {
    let asked = 0;
    const { context, stack } = await chain({
      flow: `name: one\ntimeout: 20s\nsteps:\n  - kind: http\n    hop: ${hop}\n    request: { url: "\${gateway.url}/" }\n    until: ${until}\n    every: 20ms\n    expect: { json: { $.ready: true } }\n    capture: { asked: $.asked }\n`,
      behaviour({ response }) {
        asked += 1;
        const document = { ready: asked >= answersAt, asked };
        response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
      },
    });
    const [result] = await runFlows(context, stack, { subjects });
    return { hop: result?.hops[0], asked };
  };

  test('sends the request again until the answer is as expected', async () => {
    const { hop: found, asked } = await counting(4, '10s');
    expect(found).toMatchObject({ status: 'passed', evidence: expect.stringContaining('answered') });
    expect(asked).toBe(4);
  });

  test('gives up in time, with the last answer', async () => {
    const { hop: found } = await counting(10_000, '200ms');
    expect(found).toMatchObject({
      status: 'failed',
      evidence: expect.stringMatching(/^try \d+\/10 within 200 ms: .*ready/),
    });
  });
});

describe('the header that a stack has for the id of a request', () => {
  const sent = async (headers: string) => {
    const seen: unknown[] = [];
    const { context, stack } = await chain({
      flow: `name: one\nsteps:\n  - kind: http\n    hop: ${hop}\n    request: { url: "\${gateway.url}/"${headers} }\n`,
      behaviour({ request, response }) {
        seen.push(request.headers['x-request-id']);
        response.end();
      },
    });
    const own = { ...stack, correlation: { header: 'X-Request-Id' } };
    const [result] = await runFlows(context, own, { subjects });
    return { seen, result };
  };

  test('is sent with each request, and stands in the command that sends the same', async () => {
    const { seen, result } = await sent('');
    expect(seen).toEqual([result?.correlationId]);
    expect(result?.hops[0]?.curl).toContain(`--header 'X-Request-Id: ${result?.correlationId}'`);
  });

  test('is left as a flow sets it', async () => {
    expect((await sent(', headers: { x-request-id: mine }')).seen).toEqual(['mine']);
  });
});

test('wait lets time pass', async () => {
  const result = await run(step('wait', ['for: 30ms']));
  expect(result?.status).toBe('passed');
  expect(result?.durationMs).toBeGreaterThanOrEqual(30);
});

describe('what would change a store, or cannot be', () => {
  test.each([
    [step('redis', ['command: [FLUSHALL]']), 'a command that only reads'],
    [step('exec', ['run: []']), 'a program and its arguments'],
    [step('publish', ['event: { type: A B, data: {}, routing_key: a }']), 'the name of an event'],
    [step('publish', []), 'steps[1]: found a mapping, expected event or message'],
    [
      step('publish', ['event: { type: a, data: 1, routing_key: a }', 'message: { body: x }']),
      'either event or message, not both',
    ],
    [step('publish', ['message: { body: x, json: 1 }']), 'one of json, body and base64'],
    [
      step('publish', ['message: { base64: "no base64!" }']),
      'message.base64: found "no base64!", expected bytes in base64',
    ],
    [step('publish', [`message: { routing_key: ${'k'.repeat(256)} }`]), 'at most 255 bytes'],
    [step('publish', ['message: { headers: { __proto__: x } }']), 'found the name "__proto__"'],
    [
      step('publish', ['message: { headers: { a: { b: [9007199254740993] } } }']),
      'a text, a number of at most 15 digits',
    ],
    [step('publish', ['message: { properties: { replyTo: q } }']), 'did you mean "reply_to"?'],
    [step('publish', ['message: { properties: { priority: 256 } }']), 'a whole number from 0 to 255'],
    [step('publish', ['message: { properties: { delivery_mode: 3 } }']), 'a whole number from 1 to 2'],
    [
      step('publish', ['message: { properties: { expiration: 1.5 } }']),
      'a whole number from 0 to 4294967295',
    ],
    [step('event', ['event: {}']), 'at least one of type, exchange and routing_key'],
    [step('event', ['event: { type: a }', 'match: { properties: { typ: a } }']), 'did you mean "type"?'],
    [step('consume', ['queue: ""']), 'the name of a queue'],
    [step('queue', ['queue: ""']), 'the name of a queue'],
    [step('queue', ['queue: q', 'expect: { mesages: 0 }']), 'did you mean "messages"?'],
    [step('consume', ['queue: q', 'match: { body: { matches: "(" } }']), 'a regular expression'],
  ])('is a mistake of the file', async (steps, message) => {
    await expect(run(steps)).rejects.toMatchObject({
      code: 'FLOW_INVALID',
      details: [expect.stringContaining(message)],
    });
  });
});

describe('several runs', () => {
  const flow = `name: one\nsteps:\n  - kind: http\n    hop: ${hop}\n    request: { url: "\${gateway.url}/" }\n    expect: { status: 200 }\n`;

  test('of each flow, one after the other, each with an id of its own', async () => {
    let count = 0;
    const { context, stack } = await chain({
      flow,
      behaviour({ response }) {
        count += 1;
        response.end();
      },
    });
    const results = await runFlows(context, stack, { subjects, repeat: 12 });
    expect(count).toBe(12);
    expect(results.map(({ run: number }) => number)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    expect(new Set(results.map(({ correlationId }) => correlationId)).size).toBe(12);
  });

  test('end with the first failure, where that is asked for', async () => {
    const { context, stack } = await chain({
      flow,
      behaviour: ({ response }) => response.writeHead(500).end(),
    });
    let left = 0;
    const results = await runFlows(context, stack, {
      subjects,
      repeat: 50,
      bail: true,
      onLeft(count) {
        left = count;
      },
    });
    expect(left).toBe(50 - results.length);
    // Those that had begun are told; no further one begins.
    expect(results.length).toBeLessThanOrEqual(8);
    expect(results[0]?.status).toBe('failed');
  });
});

/** A stack whose platform-api and quantum-core are this server. */
async function runBeside(
  steps: string,
  answer: (path: string, correlationId: string) => { status: number; body: string },
) {
  let id = '';
  const server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? '', id);
    response.writeHead(status).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { context, stack } = await chain({
    flow: `name: one\ntimeout: 20s\nsteps:\n  - kind: http\n    hop: ${hop}\n    request: { url: "\${gateway.url}/", headers: { x-correlation-id: "\${correlation_id}" } }\n${steps}`,
    behaviour({ response, correlationId }) {
      id = correlationId;
      response.end('{}');
    },
  });
  const services = stack.services.map((service) => ({ ...service, port }));
  try {
    const [result] = await runFlows(context, { ...stack, services }, { subjects });
    return result?.hops.at(-1);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('metric', () => {
  const exposition =
    '# TYPE requests_total counter\nrequests_total{route="/a"} 3\nrequests_total{route="/b"} 4\n';
  const metrics = () => ({ status: 200, body: exposition });

  test('sums what is not told apart by the labels', async () => {
    const lines = ['of: quantum-core', 'name: requests_total', 'every: 20ms', 'within: 60ms'];
    expect(await runBeside(step('metric', [...lines, 'expect: { value: 7 }']), metrics)).toMatchObject({
      status: 'passed',
    });
    expect(
      await runBeside(step('metric', [...lines, 'labels: { route: /b }', 'expect: { value: 4 }']), metrics),
    ).toMatchObject({
      status: 'passed',
      evidence: 'requests_total of quantum-core is 4',
    });
    expect(
      await runBeside(step('metric', [...lines, 'expect: { value: { greater_than: 7 } }']), metrics),
    ).toMatchObject({
      status: 'failed',
      evidence: expect.stringContaining('7'),
    });
  });

  test('names the service whose metrics cannot be read', async () => {
    const lines = ['of: quantum-core', 'name: requests_total'];
    const broken = await runBeside(step('metric', lines), () => ({ status: 200, body: 'no metrics\n' }));
    expect(broken).toMatchObject({
      status: 'failed',
      evidence: expect.stringContaining('line 1'),
    });
    const unknown = await runBeside(step('metric', ['of: nobody', 'name: x']), metrics);
    expect(unknown?.evidence).toContain('no service nobody');
  });
});

describe('trace', () => {
  const summary = {
    service: 'a',
    name: 'n',
    started_at: '2026-01-05T10:00:00.000000Z',
    duration_us: 1500,
    spans: 1,
    failed_spans: 0,
    services: ['a'],
  };
  const span = {
    span_id: 'x',
    parent_span_id: null,
    service: 'a',
    instance: '',
    name: 'work',
    kind: 'server',
    started_at: summary.started_at,
    duration_us: 1500,
    failed: false,
    message: '',
    attributes: {},
  };
  const traceId = 'a'.repeat(32);
  const store = (path: string, correlationId: string) => {
    const isOurs = path.includes(`correlation_id=${correlationId}`);
    const body = path.includes('traces?')
      ? { traces: isOurs ? [{ ...summary, trace_id: traceId, correlation_id: correlationId }] : [] }
      : { trace_id: traceId, spans: [{ ...span, correlation_id: correlationId }] };
    return { status: 200, body: JSON.stringify(body) };
  };

  test('finds the trace of its correlation id, and holds it against the conditions', async () => {
    const passed = await runBeside(
      step('trace', ['expect: { spans: 1, duration: { at_most: 2 }, json: { "$.spans[0].name": work } }']),
      store,
    );
    expect(passed).toMatchObject({ status: 'passed' });
    const failed = await runBeside(
      step('trace', ['expect: { spans: { at_least: 2 } }', 'every: 20ms', 'within: 60ms']),
      store,
    );
    expect(failed).toMatchObject({ status: 'failed', evidence: expect.stringContaining('spans') });
  });

  test('blames the service that keeps the traces when it cannot be asked', async () => {
    const hopFailed = await runBeside(step('trace', ['every: 20ms', 'within: 60ms']), () => ({
      status: 503,
      body: 'away',
    }));
    expect(hopFailed).toMatchObject({ status: 'failed', evidence: expect.stringContaining('503') });
  });
});

describe('disruptive flows', () => {
  test('run when they are asked for, and alone', async () => {
    const at = { one: 0, most: 0 };
    const flow = (name: string, disruptive: boolean) =>
      `name: ${name}\ndisruptive: ${disruptive}\nsteps:\n  - kind: http\n    hop: ${hop}\n    request: { url: "\${gateway.url}/${name}" }\n`;
    const { context, stack } = await chain({
      flows: [flow('calm-a', false), flow('calm-b', false), flow('storm', true)],
      behaviour({ response }) {
        at.one += 1;
        at.most = Math.max(at.most, at.one);
        setTimeout(() => {
          at.one -= 1;
          response.end('{}');
        }, 30);
      },
    });
    const names = async (options: object) =>
      (await runFlows(context, stack, { subjects, ...options })).map(({ name }) => name);
    expect(await names({})).toEqual(['calm-a', 'calm-b']);
    expect(await names({ only: 'storm' })).toEqual(['storm']);
    at.most = 0;
    expect(await names({ disruptive: true })).toEqual(['calm-a', 'calm-b', 'storm']);
    expect(at.most).toBeLessThanOrEqual(2);
  });
});
