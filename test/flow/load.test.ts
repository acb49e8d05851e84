import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob } from 'tinyglobby';
import { expect, onTestFinished, test } from 'vitest';
import { loadFlows } from '../../src/flow/index.ts';
import { flowStack } from './chain.ts';

async function files(...texts: string[]) {
  const root = await mkdtemp(join(tmpdir(), 'qbtc-flow-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const paths = texts.map((_, index) => join(root, `${index + 1}.yaml`));
  await Promise.all(texts.map((text, index) => writeFile(paths[index] ?? '', text)));
  return flowStack(root, paths);
}

async function mistakesOf(...texts: string[]): Promise<readonly string[]> {
  const stack = await files(...texts);
  try {
    await loadFlows(stack);
  } catch (error) {
    expect(error).toMatchObject({ code: 'FLOW_INVALID' });
    return (error as { details: string[] }).details;
  }
  return [];
}

test('the flows of the template are valid', async () => {
  const folder = fileURLToPath(new URL('../../templates/', import.meta.url));
  const patterns = ['stack/flows/*', 'addons/*/services/*/flows/*'];
  const paths = (await glob(patterns, { cwd: folder, absolute: true })).sort((a, b) =>
    basename(a) < basename(b) ? -1 : 1,
  );
  const flows = await loadFlows(flowStack(folder, paths));
  expect(flows.map(({ name, steps }) => `${name} ${steps.length}`)).toEqual([
    'llm-bad-event 4',
    'llm-cache-hit 4',
    'llm-core-restarted 5',
    'llm-plain 5',
    'llm-rate-limit 3',
    'llm-stream 5',
    'llm-traced 3',
    'llm-wrong-key 1',
    'platform-health 2',
    'trading-decision 4',
    'trading-kill-switch 7',
    'trading-order 10',
    'trading-redelivered 4',
    'trading-unknown-outcome 5',
  ]);
});

test('mistakes of the shape are all told at once, with their place and the nearest key', async () => {
  const mistakes = await mistakesOf(`name: Bad Name
timout: 5s
steps:
  - kind: htpp
    hop: { subject: gateway, proves: x }
  - kind: http
    hop: { subject: gateway, proves: x }
    request: { url: "http://127.0.0.1", methd: GET }
    within: soon
    expect:
      json: { "$.a[": 1, "$.b": { matchs: x } }
  - kind: sql
    hop: { subject: database }
    query: select '\${correlation_id}'
`);
  expect(mistakes).toMatchInlineSnapshot(`
    [
      "1.yaml:1:7 name: found "Bad Name", expected a name of lower-case letters, digits and hyphens",
      "1.yaml:2:1 timout: found the unknown key "timout", expected one of name, description, tags, timeout, disruptive, taps or steps; did you mean "timeout"?",
      "1.yaml:4:11 steps[0].kind: found "htpp", expected one of http, answer, publish, event, consume, queue, sql, redis, log, trace, metric, exec or wait; did you mean "http"?",
      "1.yaml:8:41 steps[1].request.methd: found the unknown key "methd", expected one of method, url, headers, json or body; did you mean "method"?",
      "1.yaml:9:13 steps[1].within: found "soon", expected a duration such as 500ms, 5s or 2m",
      "1.yaml:11:15 steps[1].expect.json.$.a[: found the name "$.a[", expected a JSONPath (RFC 9535): Expected "'", "*", "-", "0", ":", "?", "\\"", [1-9], or [\\t-\\n\\r ] but end of input found.",
      "1.yaml:11:35 steps[1].expect.json.$.b.matchs: found the unknown key "matchs", expected one of exists, type, equals, not_equals, one_of, not_one_of, matches, contains, greater_than, at_least, less_than or at_most; did you mean "matches"?",
      "1.yaml:13:5 steps[2].hop.proves: found nothing, expected text (in quotes where it looks like something else)",
      "1.yaml:14:12 steps[2].query: found "select '\${correlation_id}'", whose value does not fit, expected SQL without \${...}: write $1 and put the value into values",
    ]
  `);
});

test('names that stand for nothing are told, with the nearest', async () => {
  const mistakes = await mistakesOf(`name: names
steps:
  - kind: http
    hop: { subject: gatway, proves: x }
    id: chat
    request: { url: "\${gateway.ulr}/x", headers: { authorization: "Bearer \${secrets.test-api-kee}" } }
    capture: { id: $.id }
  - kind: answer
    hop: { subject: llm-api, proves: x }
    to: chta
    expect: { json: { $.id: "\${captures.id}", $.next: "\${captures.later}" } }
  - kind: sql
    hop: { subject: database, proves: x }
    resource: databse
    query: select 1
`);
  expect(mistakes).toMatchInlineSnapshot(`
    [
      "1.yaml:4:21 steps[0].hop.subject: found "gatway", expected a service or resource of the stack: llm-api, quantum-core, platform-api, exchange-simulator, trading-hft, broker, cache, database or gateway; did you mean "gateway"?",
      "1.yaml:6:22 steps[0].request.url: found \${gateway.ulr}, expected one of correlation_id, gateway.url, services.llm-api.url, services.quantum-core.url, services.platform-api.url, services.exchange-simulator.url, services.trading-hft.url, secrets.test-api-key, secrets.limited-api-key or secrets.trading-control-key; did you mean "gateway.url"?",
      "1.yaml:6:75 steps[0].request.headers.authorization: found \${secrets.test-api-kee}, expected one of correlation_id, gateway.url, services.llm-api.url, services.quantum-core.url, services.platform-api.url, services.exchange-simulator.url, services.trading-hft.url, secrets.test-api-key, secrets.limited-api-key or secrets.trading-control-key; did you mean "secrets.test-api-key"?",
      "1.yaml:10:9 steps[1].to: found "chta", expected the id of an http step before it: chat; did you mean "chat"?",
      "1.yaml:11:56 steps[1].expect.json.$.next: found \${captures.later}, expected one of correlation_id, gateway.url, services.llm-api.url, services.quantum-core.url, services.platform-api.url, services.exchange-simulator.url, services.trading-hft.url, secrets.test-api-key, secrets.limited-api-key, secrets.trading-control-key or captures.id; did you mean "captures.id"?",
      "1.yaml:14:15 steps[2].resource: found "databse", expected a resource of kind postgres: database; did you mean "database"?",
    ]
  `);
});

test('a bound may come from a capture, a name may be written as it is, and what is no number is told', async () => {
  const flow = (bound: string) => `name: bounds
steps:
  - kind: http
    hop: { subject: gateway, proves: x }
    request: { url: "http://127.0.0.1", json: { id: 9007199254740993, template: "$\${name}" } }
    capture: { n: $.n }
  - kind: sql
    hop: { subject: database, proves: x }
    query: select 1
    expect: { rows: { less_than: ${bound} }, json: { "$[0].n": { at_most: "\${captures.n}", equals: 9007199254740993 } } }
`;
  expect(await mistakesOf(flow('"${captures.n}"'))).toEqual([]);
  expect(await mistakesOf(flow('"${captures.m}"'))).toEqual([
    expect.stringContaining('found ${captures.m}, expected one of'),
  ]);
  expect(await mistakesOf(flow('many'))).toEqual([
    expect.stringMatching(
      /steps\[1\]\.expect\.rows\.less_than: found "many", .*expected a number, or \$\{captures\.NAME\}/,
    ),
  ]);
});

test('a capture cannot be used before it is made', async () => {
  const step = (extra: string) =>
    `  - { kind: http, hop: { subject: gateway, proves: x }, request: { url: "http://x/${extra}" }, capture: { id: $.id } }`;
  expect(await mistakesOf(`name: a\nsteps:\n${step('')}\n${step('${captures.id}')}\n`)).toEqual([]);
  expect(await mistakesOf(`name: a\nsteps:\n${step('${captures.id}')}\n`)).toHaveLength(1);
});

test('two flows cannot share a name', async () => {
  const flow = `name: same\nsteps:\n  - { kind: http, hop: { subject: gateway, proves: x }, request: { url: "http://x" } }\n`;
  expect(await mistakesOf(flow, flow)).toEqual([
    '2.yaml:1:1 name: found "same", expected a name of its own; 1.yaml has it, too',
  ]);
});
