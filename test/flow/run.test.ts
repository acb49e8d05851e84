import { expect, test } from 'vitest';
import type { SqlConnect } from '../../src/context.ts';
import { type FlowProgress, runFlows, type Subjects } from '../../src/flow/index.ts';
import { atTheSameTime } from '../../src/flow/run.ts';
import type { FlowResult } from '../../src/model/flow.ts';
import { readLog } from '../support/log-lines.ts';
import { type Behaviour, chain } from './chain.ts';

/** A step that is to succeed has all the time it needs; a test that waits in vain shortens that one. */
const flow = ({ answer = '10s', request = '10s', response = '10s', row = '10s' } = {}) => `
name: chat
tags: [smoke]
timeout: 60s
taps: [{ exchange: qbtc.topic, routing_key: llm.request }, { exchange: responses, routing_key: "#" }]
steps:
  - kind: http
    hop: { subject: gateway, proves: the gateway passed it on }
    id: chat
    request:
      method: POST
      url: \${gateway.url}/v1/chat
      headers: { x-correlation-id: "\${correlation_id}", authorization: "Bearer \${secrets.test-api-key}" }
      json: { text: hello }
    expect: { status: { not_one_of: [401, 404, 502] } }
    within: ${answer}
  - kind: event
    hop: { subject: llm-api, proves: llm-api asked }
    event: { type: llm_request }
    within: ${request}
  - kind: event
    hop: { subject: quantum-core, proves: quantum-core answered }
    event: { type: llm_response, exchange: responses }
    expect: { json: { $.data.kind: complete } }
    capture: { tokens: $.data.tokens }
    within: ${response}
  - kind: answer
    hop: { subject: llm-api, proves: llm-api answered }
    to: chat
    expect:
      status: 200
      headers: { X-Correlation-Id: "\${correlation_id}" }
      json: { $.tokens: "\${captures.tokens}" }
  - kind: sql
    hop: { subject: quantum-core, proves: quantum-core stored it }
    query: select status from interactions where correlation_id = $1
    values: ["\${correlation_id}"]
    expect: { rows: 1, json: { "$[0].status": ok } }
    every: 10ms
    within: ${row}
`;

const subjects: Subjects = {
  readLog: async (subject) => readLog(subject, [`the log of ${subject}`]),
  linesAbout: async (subject, { correlationId }) => [
    { source: subject, message: 'about it', correlationId, raw: 'about it' },
  ],
  answers: async () => true,
};

const rows =
  (answers: Record<string, unknown>[][]): SqlConnect =>
  async () => ({
    query: async () => ({ rows: (answers.length > 1 ? answers.shift() : answers[0]) ?? [] }),
    close: async () => {},
  });

const healthy: Behaviour = ({ publish, response, correlationId }) => {
  publish('qbtc.topic', 'llm.request', 'llm_request', {});
  publish('responses', 'r1', 'llm_response', { kind: 'chunk' });
  publish('responses', 'r1', 'llm_response', { kind: 'complete', tokens: 7 });
  response.setHeader('x-correlation-id', correlationId).end(JSON.stringify({ tokens: 7 }));
};

async function run(
  behaviour: Behaviour,
  options: { sql?: SqlConnect; onProgress?: (progress: FlowProgress) => void; flow?: string } = {},
): Promise<FlowResult> {
  const { context, stack } = await chain({
    flow: flow(),
    behaviour,
    sql: rows([[{ status: 'ok' }]]),
    ...options,
  });
  const [result] = await runFlows(context, stack, {
    subjects,
    onProgress: options.onProgress,
  });
  if (!result) throw new Error('no result');
  return result;
}

const statuses = (result: FlowResult) => result.hops.map(({ status }) => status);

test('a chain that works is seen hop by hop, in the order in which it happened', async () => {
  const result = await run(healthy);
  expect(result).toMatchObject({ name: 'chat', status: 'passed' });
  expect(statuses(result)).toEqual(['passed', 'passed', 'passed', 'passed', 'passed']);
  // The gateway shows itself by the answer, which comes last of all.
  expect(result.hops[0]?.atMs).toBeUndefined();
  const times = result.hops.slice(1).map(({ atMs }) => atMs ?? Number.NaN);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(result.stoppedAt).toBeUndefined();
});

test('a request with an answer that never came stops at the first hop without evidence', async () => {
  const result = await run(({ publish }) => publish('qbtc.topic', 'llm.request', 'llm_request', {}), {
    flow: flow({ answer: '300ms', response: '200ms' }),
  });
  expect(statuses(result)).toEqual(['passed', 'passed', 'failed', 'not-reached', 'passed']);
  expect(result.hops[0]?.evidence).toBe('no answer within 300 ms, but llm_request was in the broker');
  expect(result.stoppedAt).toEqual({
    hop: 3,
    name: 'quantum-core answered',
    subject: 'quantum-core',
    reason: 'no llm_response within 200 ms',
    logLines: [
      {
        source: 'quantum-core',
        message: 'about it',
        correlationId: result.correlationId,
        raw: 'about it',
      },
    ],
  });
});

test('a 504 counts as an answer of the gateway, and the hop behind the silent one is named', async () => {
  const result = await run(
    ({ publish, response }) => {
      publish('qbtc.topic', 'llm.request', 'llm_request', {});
      response.writeHead(504).end();
    },
    { flow: flow({ response: '50ms' }) },
  );
  expect(result.stoppedAt).toMatchObject({ hop: 3, subject: 'quantum-core' });
});

test('a refused key stops at the gateway, and nothing is waited for after that', async () => {
  const result = await run(({ response }) => response.writeHead(401).end());
  expect(result.stoppedAt).toMatchObject({
    hop: 1,
    subject: 'gateway',
    reason: 'status is 401, expected none of [401,404,502]',
  });
  expect(statuses(result).slice(1, 4)).toEqual(['not-reached', 'not-reached', 'not-reached']);
  expect(result.hops[1]?.evidence).toBe('no llm_request');
});

test('an event that came with something else in it is shown as it was', async () => {
  const result = await run(
    ({ publish, response }) => {
      publish('qbtc.topic', 'llm.request', 'llm_request', {});
      publish('responses', 'r1', 'llm_response', { kind: 'error' });
      response.writeHead(500).end();
    },
    { flow: flow({ response: '50ms' }) },
  );
  expect(result.stoppedAt?.reason).toBe(
    'llm_response was in the broker, but $.data.kind is "error", expected "complete"',
  );
});

test('an event of another correlation id is not evidence', async () => {
  const result = await run(
    ({ publish, response }) => {
      publish('qbtc.topic', 'llm.request', 'llm_request', {}, 'another-run');
      response.end('{}');
    },
    { flow: flow({ request: '50ms' }) },
  );
  expect(result.stoppedAt).toMatchObject({ hop: 2, subject: 'llm-api' });
});

test('the database is asked again until the row is there, and each try says what it saw', async () => {
  const tries: string[] = [];
  const result = await run(healthy, {
    sql: rows([[], [{ status: 'pending' }], [{ status: 'ok' }]]),
    onProgress: (progress) => {
      if (progress.state === 'trying') tries.push(`${progress.try}/${progress.tries} ${progress.last}`);
    },
  });
  expect(result.status).toBe('passed');
  expect(tries).toEqual([
    '1/1000 rows is 0, expected 1; $[0].status is missing, expected "ok"; last value no row',
    '2/1000 $[0].status is "pending", expected "ok"; last value [{"status":"pending"}]',
  ]);
});

test('a row that never comes is reported with the last try and the last value', async () => {
  const result = await run(healthy, {
    sql: rows([[{ status: 'pending' }]]),
    flow: flow({ row: '50ms' }),
  });
  expect(result.stoppedAt?.reason).toMatch(
    /try \d\/5 within 50 ms: \$\[0\]\.status is "pending", expected "ok"; last value \[\{"status":"pending"\}\]$/,
  );
});

test('a broker that cannot be watched is to blame itself', async () => {
  const { context, stack } = await chain({
    flow: flow(),
    behaviour: healthy,
    amqp: async () => {
      throw new Error('connect ECONNREFUSED');
    },
  });
  const [result] = await runFlows(context, stack, { subjects });
  expect(result?.stoppedAt).toMatchObject({
    hop: 2,
    subject: 'broker',
    reason: 'the broker could not be watched: connect ECONNREFUSED',
  });
});

test('a broker that cannot be watched is named also when the request hangs because of it', async () => {
  const { context, stack } = await chain({
    flow: flow({ answer: '100ms', request: '50ms', response: '50ms', row: '50ms' }),
    behaviour: () => {},
    amqp: async () => {
      throw new Error('no answer within 3000 ms');
    },
  });
  const gatewayHangs = { ...subjects, answers: async () => false };
  const [result] = await runFlows(context, stack, { subjects: gatewayHangs });
  expect(result?.stoppedAt).toMatchObject({
    hop: 2,
    subject: 'broker',
    reason: 'the broker could not be watched: no answer within 3000 ms',
  });
  expect(result && statuses(result)).toEqual([
    'not-reached',
    'failed',
    'not-reached',
    'not-reached',
    'not-reached',
  ]);
});

test.each([
  {
    gateway: 'answers',
    stoppedAt: {
      hop: 2,
      subject: 'llm-api',
      reason: 'no llm_request within 50 ms',
    },
  },
  { gateway: 'hangs', stoppedAt: { hop: 1, subject: 'gateway', reason: 'no answer within 100 ms' } },
])('a request that hangs with nothing seen, while the gateway $gateway', async ({ gateway, stoppedAt }) => {
  const { context, stack } = await chain({
    flow: flow({ answer: '100ms', request: '50ms', response: '50ms', row: '50ms' }),
    behaviour: () => {},
  });
  const [result] = await runFlows(context, stack, {
    subjects: { ...subjects, answers: async (subject) => subject === 'gateway' && gateway === 'answers' },
  });
  expect(result?.stoppedAt).toMatchObject(stoppedAt);
});

test('server-sent events are a document with a list of events', async () => {
  const result = await run(
    ({ response }) =>
      response
        .setHeader('content-type', 'text/event-stream')
        .end('data: {"object":"chunk"}\n\ndata: {"object":"chunk"}\n\ndata: [DONE]\n\n'),
    {
      flow: `
name: stream
steps:
  - kind: http
    hop: { subject: gateway, proves: it streams }
    request: { url: "\${gateway.url}/" }
    expect: { json: { "$.events[:-1].data.object": chunk, "$.events[-1].data": "[DONE]" } }
`,
    },
  );
  expect(result).toMatchObject({ status: 'passed' });
});

test('an interruption ends the run', async () => {
  const interruption = new AbortController();
  const { context, stack } = await chain({
    flow: flow(),
    behaviour: () => interruption.abort(new Error('interrupted')),
    interrupted: interruption.signal,
  });
  await expect(runFlows(context, stack, { subjects })).rejects.toThrow('interrupted');
});

test('a flow is chosen by name or tag; an unknown one is told with the nearest', async () => {
  const { context, stack } = await chain({
    flow: flow(),
    behaviour: healthy,
    sql: rows([[{ status: 'ok' }]]),
  });
  expect(await runFlows(context, stack, { subjects, tag: 'smoke', only: 'chat' })).toHaveLength(1);
  await expect(runFlows(context, stack, { subjects, only: 'chit' })).rejects.toMatchObject({
    code: 'FLOW_UNKNOWN',
    hint: 'did you mean "chat"? known: chat',
  });
  await expect(runFlows(context, stack, { subjects, tag: 'slow' })).rejects.toMatchObject({
    code: 'FLOW_UNKNOWN',
  });
});

test('flows with the preferred tag are run where there are any, or else all', async () => {
  const waiting = (name: string, tag: string) =>
    `name: ${name}\ntags: [${tag}]\nsteps:\n  - { kind: wait, hop: { subject: gateway, proves: time passes }, for: 1ms }\n`;
  const flows = [waiting('chat', 'smoke'), waiting('other', 'slow')];
  const { context, stack } = await chain({ flows, behaviour: healthy });
  const names = async (preferred: string) =>
    (await runFlows(context, stack, { subjects, preferred })).map(({ name }) => name);
  expect(await names('smoke')).toEqual(['chat']);
  expect(await names('nobody-has-it')).toEqual(['chat', 'other']);
});

test('a name and a tag that no flow has together are a mistake, not an empty success', async () => {
  const other = { flow: flow().replace('name: chat', 'name: other').replace('[smoke]', '[slow]') };
  const { context, stack } = await chain({ flow: flow(), behaviour: healthy });
  const { stack: second } = await chain({ ...other, behaviour: healthy });
  const both = { ...stack, flowFiles: [...stack.flowFiles, ...second.flowFiles] };
  await expect(runFlows(context, both, { subjects, only: 'chat', tag: 'slow' })).rejects.toMatchObject({
    code: 'FLOW_UNKNOWN',
    message: 'the flow "chat" does not have the tag "slow"',
    hint: 'known: smoke',
  });
});

test('as many flows run at the same time as there are cores, but one', () => {
  expect([1, 2, 3, 4, 64].map((cores) => atTheSameTime(cores))).toEqual([1, 1, 2, 3, 4]);
});

test('an unexpected answer is shown, within bounds', async () => {
  const behaviour =
    (body: string): Behaviour =>
    ({ publish, response }) => {
      publish('qbtc.topic', 'llm.request', 'llm_request', {});
      publish('responses', 'r1', 'llm_response', { kind: 'complete', tokens: 7 });
      response.statusCode = 500;
      response.setHeader('content-type', 'application/json').end(body);
    };
  const failed = await run(behaviour('{"error":{"message":"relation \\"x\\" does not exist"}}'));
  expect(failed.hops[3]?.details).toEqual([
    'the answer: 500, application/json',
    '{"error":{"message":"relation \\"x\\" does not exist"}}',
  ]);
  const long = await run(behaviour('x'.repeat(100_000)));
  expect(long.hops[3]?.details?.join('').length).toBeLessThan(2_200);
  expect((await run(behaviour(''))).hops[3]?.details).toEqual(['the answer: 500, application/json, no body']);
});

test.each([
  ['what was to be captured', 'capture: { tokens: $.tokens }', '/v1/chat?${captures.tokens}'],
  ['nothing', '', '/v1/chat'],
])('an answer that did not come is told as such after a wait, where %s is taken from it', async (_, capture, next) => {
  const { context, stack } = await chain({
    behaviour: () => {},
    flow: `
name: chat
timeout: 60s
steps:
  - kind: http
    hop: { subject: gateway, proves: it answered }
    request: { url: "\${gateway.url}/v1/chat" }
    within: 100ms
    ${capture}
  - { kind: wait, hop: { subject: gateway, proves: time has passed }, for: 1ms }
  - kind: http
    hop: { subject: gateway, proves: it answered again }
    request: { url: "\${gateway.url}${next}" }
    within: 100ms
`,
  });
  const [result] = await runFlows(context, stack, { subjects });
  expect(result?.stoppedAt).toMatchObject({
    hop: 1,
    reason: 'no answer within 100 ms, though gateway itself answers',
  });
});
