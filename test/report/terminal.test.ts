import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { QbtcError } from '../../src/errors.ts';
import type { Document } from '../../src/report/documents/index.ts';
import { asQbtcError } from '../../src/report/index.ts';
import { allDocuments, documents } from './documents/index.ts';
import { createReporter } from './reporter.ts';

const shown = (document: Document, width = 80, verbose = false) =>
  `\n${createReporter('terminal', { width, color: false, verbose })(document)}\n`;

describe.each([80, 120])('at %i columns', (width) => {
  // Log lines and details are not broken, so that they can be copied.
  const broken = allDocuments.filter(({ kind }) => kind !== 'error' && kind !== 'logs');
  test.each(broken)('no line of $kind is longer', (document) => {
    for (const line of shown(document, width).split('\n')) {
      expect(stringWidth(line), line).toBeLessThanOrEqual(width);
    }
  });
});

test.each(allDocuments)('$kind says the same with colour and without', (document) => {
  const coloured = createReporter('terminal', { width: 80, color: true, verbose: false })(document);
  expect(`\n${stripVTControlCharacters(coloured)}\n`).toBe(shown(document));
  // A text that was asked for is data: it is printed as it is.
  if (document.kind !== 'text') expect(coloured).not.toBe(stripVTControlCharacters(coloured));
  expect(shown(document)).toBe(stripVTControlCharacters(shown(document)));
});

test.each(allDocuments)('$kind has no blanks at the end of a line', (document) => {
  expect(shown(document)).not.toMatch(/[ \t]\n/);
});

describe('80 columns', () => {
  test('plan', () =>
    expect(shown(documents.plan)).toMatchInlineSnapshot(`
    "
    routes of acme: 3 changes, 1 of them blocked
      + create route llm-chat
          declared by llm-api
      ~ update route llm-models
          plugins.limit-count.count: 60 → 120
          methods: ["GET"]
          desc: old → removed
      - delete upstream gone
          ✖ blocked: route other-route, which is not ours, refers to it
      – no longer declared, kept without --prune: consumer guest
    "
  `));
  test('applied', () =>
    expect(shown(documents.applied)).toMatchInlineSnapshot(`
      "
      topology of acme: 1 done, 1 failed, 1 skipped
        ✔ done     create queue q_llm_requests
        ✖ failed   create exchange qbtc.topic
                   PRECONDITION_FAILED: the exchange exists with the type direct
        – skipped  create binding qbtc.topic → q_llm_requests
                   exchange qbtc.topic failed
        ✔ answers  acme-llm-models
                   GET /v1/models: 200 from behind the gateway
      "
    `));
  test('up', () =>
    expect(shown(documents.up)).toMatchInlineSnapshot(`
      "
      acme  fallback

        broker  embedded  no RabbitMQ answers on port 5672
        cache   embedded  no Redis answers on port 6379; lost by it: it is volatile:
                          what it holds is gone after a restart

      ✔ 3 parts up in 3.4 s: broker, cache, llm-api
        !  signals runs as it was before: main.py and 1 other file have changed since
           (qbtc restart signals)
        left alone: gateway
        gateway http://127.0.0.1:9080

        timing  the critical chain is marked *
          cache             0.00s +  0.21s  ░░░
        * broker            0.00s +  0.90s  ███████████
        * apply topology    0.90s +  0.12s             ██
        * llm-api           1.02s +  2.38s               █████████████████████████████
      "
    `));
  test('down', () =>
    expect(shown(documents.down)).toMatchInlineSnapshot(`
    "
    acme  ✔ ended: llm-api, broker
      ✔ removed /stack/.qbtc/data
    "
  `));
  test('status', () =>
    expect(shown(documents.status)).toMatchInlineSnapshot(`
      "
      acme  fallback  supervisor pid 4711

        ✔ active     broker   rabbitmq  embedded  5672 +1  pid 4712
        ✖ unhealthy  cache    redis     external  6379
                     refuses the password of the stack: WRONGPASS invalid
                     username-password pair or user is disabled
        – stopped    llm-api  service   process   8000
                     was not started
        ✔ active     shop     service   process   3000     pid 4713
                     – mail: disconnected
      "
    `));
  test('score', () =>
    expect(shown(documents.score)).toMatchInlineSnapshot(`
      "
      acme  fallback  profile qbtc
      81.25 / 100.00   B   ✖ fails: 1 part dead, 1 flow failed
      below the target of 85   7.50 points not measured
        ✖ cache is crashed: exited with 1
        ✖ the flow llm <chat> failed: stopped at hop 2, llm-api: no answer
      ▄█▇  -18.75 since 2030-01-01 10:00:00 UTC

        infrastructure  ██████████████████████░░░░░░░░░░░░░░   18.75 / 30.00  -11.25
        discovery       ████████████████████████████████████   25.00 / 25.00
        routes          ████████████████████████████████████   20.00 / 20.00
        connectivity    ████████████████████████████████████   15.00 / 15.00
        monitoring      █████████░░░░░░░░░░░░░░░░░░░░░░░░░░░    2.50 / 10.00  -7.50

      Points to win back
        ✖ +11.25  cache  critical
                  exited with 1: the port 6379 on which it should listen is held by
                  another process
                  qbtc up   then 92.50
                  INFRA_RESOURCE_ACTIVE
        ✖  +0.50  llm-api  minor
                  /metrics answers 404
                  takes along: a hop, another hop, a route and 1 other
                  by hand: look into services/llm-api/src/main.ts; "qbtc logs llm-api"
                  shows what llm-api did
                  MONITORING_METRICS

      Not measured, so not won: 7.50 points
        –   7.50  llm-api  MONITORING_METRICS
                  connect ECONNREFUSED 127.0.0.1:8000

      Not declared, so not counted; what it would count
        –   3.00  acme  TOPOLOGY_IN_SYNC
                  the stack declares no topology
                  declared by: \`topology\` of qbtc.yaml, or \`events\` of a service
                  then 84.25

      Set aside by score.ignore
          the rule for MONITORING_LOG_LINES of quantum-core ended on 2029-12-31 and
          does nothing

      taken in 812 ms
      "
    `));
  test('the score of what is judged without weight, and of what is not declared', () => {
    const [first, second, ...rest] = documents.score.score.components;
    if (first === undefined || second === undefined) return expect.unreachable();
    const components = [
      { ...first, max: 0, points: 0 },
      { ...second, max: 0, points: 0, checks: [] },
      ...rest,
    ];
    const text = shown({ ...documents.score, score: { ...documents.score.score, components } });
    expect(text).toMatch(/infrastructure +has no weight\n/);
    expect(text).toMatch(/discovery +not declared, so not counted\n/);
  });
  test('flows', () =>
    expect(shown(documents.flows)).toMatchInlineSnapshot(`
      "
      ✔ passed  llm-plain  48 ms  3 hops

      llm-plain  ✖ failed in 10.2 s
        correlation id 6f1c2f1e-0d53-4b8e-9c3e-2f64a1f1a111
        ┌ client
        ├─ ✔ gateway              the gateway took the key and passed the request on
        ├─ ✔ llm-api       +6 ms  llm-api published the llm_request
        ├─ ✖ quantum-core         quantum-core answered with an llm_response
        └─ – llm-api              not reached: llm-api gave the answer to the client
        stopped at hop 3, quantum-core: q_llm_responses: try 10/10 within 5 s: none of
        its 0 messages is of this flow
        logged about it:
          00:00:00.000   quantum-core  error  could not answer: the database went away

      ✖ 1 of 2 flows failed
        llm-plain  hop 3, quantum-core: q_llm_responses: try 10/10 within 5 s: none of
                   its 0 messages is of this flow
      "
    `));
  test('logs', () =>
    expect(shown(documents.logs)).toMatchInlineSnapshot(`
      "
      10:20:30.456   llm-api       info   ready  ms=3
      10:20:31.001   quantum-core  error  no engine: connect ECONNREFUSED 127.0.0.1:9  c-1
      10:20:31.001~  database             LOG:  database system is ready to accept connections
      "
    `));
  test('error', () =>
    expect(shown(documents.error)).toMatchInlineSnapshot(`
    "
    ✖ not all ports of the stack are free
        port 5432 (database) is held by postgres (pid 812)
      → end the process, or give the stack other ports: set ports.base in qbtc.yaml
      (1000, 2000, …)
    "
  `));
  test('scaffold', () =>
    expect(shown(documents.scaffold)).toMatchInlineSnapshot(`
    "
    ✔ acme stands in ../acme, port base 1000
      – git is not installed: no repository was made

      10080  gateway
      10180  gateway  admin

    What to do next
      cd ../acme  the folder of the stack
      qbtc up     brings everything up and says when it is healthy
    "
  `));
  test('demo', () =>
    expect(shown(documents.demo)).toMatchInlineSnapshot(`
      "
      the journey of demo
        ✔ done    new   310 ms  a stack in a temporary folder
        ✔ done    up     3.8 s  6 parts are healthy
        ✖ failed  test  10.2 s  1 of 2 flows failed

        you
          What is a gateway?
        qbtc-offline
          A gateway is the one door to all services.

      ✔ passed  llm-plain  48 ms  3 hops

      ✔ 1 flow passed

      acme  fallback  profile qbtc
      81.25 / 100.00   B   ✖ fails: 1 part dead, 1 flow failed
      below the target of 85   7.50 points not measured
        ✖ cache is crashed: exited with 1
        ✖ the flow llm <chat> failed: stopped at hop 2, llm-api: no answer
      "
    `));
});

describe('120 columns', () => {
  test('status', () =>
    expect(shown(documents.status, 120)).toMatchInlineSnapshot(`
      "
      acme  fallback  supervisor pid 4711

        ✔ active     broker   rabbitmq  embedded  5672 +1  pid 4712
        ✖ unhealthy  cache    redis     external  6379
                     refuses the password of the stack: WRONGPASS invalid username-password pair or user is disabled
        – stopped    llm-api  service   process   8000
                     was not started
        ✔ active     shop     service   process   3000     pid 4713
                     – mail: disconnected
      "
    `));
  test('score', () =>
    expect(shown(documents.score, 120)).toMatchInlineSnapshot(`
      "
      acme  fallback  profile qbtc
      81.25 / 100.00   B   ✖ fails: 1 part dead, 1 flow failed
      below the target of 85   7.50 points not measured
        ✖ cache is crashed: exited with 1
        ✖ the flow llm <chat> failed: stopped at hop 2, llm-api: no answer
      ▄█▇  -18.75 since 2030-01-01 10:00:00 UTC

        infrastructure  █████████████████████████░░░░░░░░░░░░░░░   18.75 / 30.00  -11.25
        discovery       ████████████████████████████████████████   25.00 / 25.00
        routes          ████████████████████████████████████████   20.00 / 20.00
        connectivity    ████████████████████████████████████████   15.00 / 15.00
        monitoring      ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    2.50 / 10.00  -7.50

      Points to win back
        ✖ +11.25  cache  critical
                  exited with 1: the port 6379 on which it should listen is held by another process
                  qbtc up   then 92.50
                  INFRA_RESOURCE_ACTIVE
        ✖  +0.50  llm-api  minor
                  /metrics answers 404
                  takes along: a hop, another hop, a route and 1 other
                  by hand: look into services/llm-api/src/main.ts; "qbtc logs llm-api" shows what llm-api did
                  MONITORING_METRICS

      Not measured, so not won: 7.50 points
        –   7.50  llm-api  MONITORING_METRICS
                  connect ECONNREFUSED 127.0.0.1:8000

      Not declared, so not counted; what it would count
        –   3.00  acme  TOPOLOGY_IN_SYNC
                  the stack declares no topology
                  declared by: \`topology\` of qbtc.yaml, or \`events\` of a service
                  then 84.25

      Set aside by score.ignore
          the rule for MONITORING_LOG_LINES of quantum-core ended on 2029-12-31 and does nothing

      taken in 812 ms
      "
    `));
  test('flows, with their evidence', () =>
    expect(shown(documents.flows, 120, true)).toMatchInlineSnapshot(`
      "
      llm-plain  ✔ passed in 48 ms
        correlation id 6f1c2f1e-0d53-4b8e-9c3e-2f64a1f1a111
        ┌ client
        ├─ ✔ gateway               the gateway took the key and passed the request on
        │                          answered 200
        ├─ ✔ llm-api        +6 ms  llm-api published the llm_request
        │                          llm_request was in the broker
        └─ ✔ quantum-core  +25 ms  quantum-core answered with an llm_response
                                   llm_response was in the broker

      llm-plain  ✖ failed in 10.2 s
        correlation id 6f1c2f1e-0d53-4b8e-9c3e-2f64a1f1a111
        ┌ client
        ├─ ✔ gateway              the gateway took the key and passed the request on
        │                         answered 200
        ├─ ✔ llm-api       +6 ms  llm-api published the llm_request
        │                         llm_request was in the broker
        ├─ ✖ quantum-core         quantum-core answered with an llm_response
        │                         q_llm_responses: try 10/10 within 5 s: none of its 0 messages is of this flow
        └─ – llm-api              not reached: llm-api gave the answer to the client
                                  no answer within 10 s
        stopped at hop 3, quantum-core: q_llm_responses: try 10/10 within 5 s: none of its 0 messages is of this flow
        logged about it:
          00:00:00.000   quantum-core  error  could not answer: the database went away
              Error: could not answer
                  at answer (main.ts:1:1)
              caused by Error: the database went away

      ✖ 1 of 2 flows failed
        llm-plain  hop 3, quantum-core: q_llm_responses: try 10/10 within 5 s: none of its 0 messages is of this flow
      "
    `));
});

test('colours, as the terminal gets them', () => {
  const coloured = createReporter('terminal', { width: 80, color: true, verbose: false })(documents.error);
  expect(JSON.stringify(coloured.split('\n')[0])).toMatchInlineSnapshot(
    `""\\u001b[31m✖\\u001b[39m \\u001b[1mnot all ports of the stack are free\\u001b[22m""`,
  );
});

test('what is in sync has nothing to do', () => {
  expect(shown({ kind: 'plan', subject: 'routes', stack: 'acme', changes: [] })).toMatchInlineSnapshot(`
    "
    routes of acme: ✔ in sync, nothing to do
    "
  `);
});

test('an import is declared already only where nothing of it is lost', () => {
  const nothing = { ...documents.imported, changes: [], files: [] };
  expect(shown({ ...nothing, losses: [] })).toContain('declared already, nothing to do');
  expect(shown(nothing)).toContain(
    'topology of acme from definitions.json: nothing comes of it\n1 thing not',
  );
});

test('what declares nothing is not in sync', () => {
  const about = { subject: 'topology', stack: 'acme', undeclared: true as const };
  const told = '\ntopology of acme: none is declared, nothing to do\n';
  expect(shown({ kind: 'plan', changes: [], ...about })).toBe(told);
  expect(shown({ kind: 'applied', outcomes: [], ...about })).toBe(told);
});

describe('an error that nobody threw on purpose', () => {
  const thrown = new TypeError('x is not a function');
  const document: Document = { kind: 'error', error: asQbtcError(thrown) };

  test('is called a defect, without a stack trace', () => {
    expect(shown(document)).toContain('a defect in qbtc: x is not a function');
    expect(shown(document)).not.toContain('    at ');
  });

  test('shows its stack trace when asked for', () => {
    expect(shown(document, 80, true)).toContain('terminal.test.ts');
  });

  test('any other is kept as it is', () => {
    const known = new QbtcError('X', 'x');
    expect(asQbtcError(known)).toBe(known);
  });
});

describe('an error', () => {
  const told = (error: QbtcError, verbose = false) => shown({ kind: 'error', error }, 80, verbose);
  const cause = new Error('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });

  test('is told with the causes that its message leaves out', () => {
    expect(told(new QbtcError('X', 'the stack has no traces', { cause }))).toMatchInlineSnapshot(`
      "
      ✖ the stack has no traces
        because: fetch failed
        because: connect ECONNREFUSED 127.0.0.1:1
      "
    `);
    expect(told(new QbtcError('X', 'no traces: fetch failed', { cause }))).toMatchInlineSnapshot(`
      "
      ✖ no traces: fetch failed
        because: connect ECONNREFUSED 127.0.0.1:1
      "
    `);
  });

  test('has the traces of all causes with --verbose', () => {
    expect(told(new QbtcError('X', 'no', { cause }), true)).toMatch(
      /Error: fetch failed\n +at .+Error: connect ECONNREFUSED.+ at /s,
    );
  });

  test('has the last lines of its process as logs show them, and steers no terminal', () => {
    const line = { source: 'api', level: 'error', timestamp: '2030-01-01T00:00:00.000Z', raw: '{}' };
    const logLines = [
      {
        ...line,
        message: 'could not answer',
        error: { message: 'relation "x" does not exist' },
        fields: { ms: 3 },
      },
      { source: 'api', message: '\u001b[31mred\u001b[0m\u0007 bell', raw: '' },
    ];
    expect(told(new QbtcError('X', 'api ended', { logLines }))).toMatchInlineSnapshot(`
      "
      ✖ api ended
          its last lines:
          00:00:00.000   error  could not answer: relation "x" does not exist  ms=3
                                red bell
      "
    `);
    expect(told(new QbtcError('X', 'api ended', { logLines: [] }))).toContain('it wrote nothing');
  });
});

describe('many names', () => {
  const names = [
    'cache',
    'gateway',
    'database',
    'broker',
    'exchange-simulator',
    'quantum-core',
    'platform-api',
    'llm-api',
  ];
  test('stand below one another where they are too many for a line; no word is broken', () => {
    expect(shown({ ...documents.up, started: names, kept: names, outdated: [] })).toContain(
      [
        '✔ 8 parts up in 3.4 s: cache, gateway, database, broker, exchange-simulator,',
        '  quantum-core, platform-api, llm-api',
        '  left alone: cache, gateway, database, broker, exchange-simulator,',
        '    quantum-core, platform-api, llm-api',
      ].join('\n'),
    );
  });

  test.each<Document>([
    { ...documents.up, started: names, kept: names },
    { ...documents.up, started: [], kept: names },
    { ...documents.down, stopped: names },
    { ...documents.stop, stopped: names, stranded: names },
    { ...documents.rotated, rotated: names, restarted: names, kept: names },
    { ...documents.migrated, paused: names },
  ])('$kind', (document) => {
    for (const line of shown(document).split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(80);
    const coloured = createReporter('terminal', { width: 80, color: true, verbose: false })(document);
    expect(`\n${stripVTControlCharacters(coloured)}\n`).toBe(shown(document));
  });
});

describe('a message that has no name', () => {
  const { type: _, problem: __, event: ___, ...bare } = documents.event;
  test.each([
    ['its JSON', { event: { orderId: 7 } }, '{"orderId":7}'],
    ['its text, on one line', { text: 'receipt\n of\torder' }, 'receipt of order'],
    ['the beginning of a long one', { text: 'x'.repeat(5_000) }, `${'x'.repeat(65)}…`],
    ['its bytes', { base64: '//4=' }, '//4='],
    ['nothing', { text: '' }, ''],
  ])('is shown with %s', (_name, content, said) => {
    const lines = shown({ ...bare, ...content })
      .trim()
      .split('\n');
    expect(lines[0]).toContain('a message');
    expect(lines.at(-1)?.trim()).toBe(said === '' ? 'correlation c-1' : said);
  });
});
