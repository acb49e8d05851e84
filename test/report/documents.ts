import { QbtcError } from '../../src/errors.ts';
import type { FoundService } from '../../src/model/discovery.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { FlowResult } from '../../src/model/flow.ts';
import type { Score } from '../../src/model/score.ts';
import type { Trace } from '../../src/model/trace.ts';
import type { Document, DocumentKind, DocumentOf } from '../../src/report/document.ts';

const passedFlow: FlowResult = {
  name: 'llm-plain',
  file: '/stack/flows/llm-plain.yaml',
  status: 'passed',
  correlationId: '6f1c2f1e-0d53-4b8e-9c3e-2f64a1f1a111',
  durationMs: 48.2,
  hops: [
    {
      name: 'the gateway took the key and passed the request on',
      subject: 'gateway',
      status: 'passed',
      evidence: 'answered 200',
    },
    {
      name: 'llm-api published the llm_request',
      subject: 'llm-api',
      status: 'passed',
      atMs: 6.1,
      evidence: 'llm_request was in the broker',
    },
    {
      name: 'quantum-core answered with an llm_response',
      subject: 'quantum-core',
      status: 'passed',
      atMs: 31.4,
      evidence: 'llm_response was in the broker',
    },
  ],
};

const stoppedFlow: FlowResult = {
  ...passedFlow,
  status: 'failed',
  durationMs: 10_240,
  hops: [
    ...passedFlow.hops.slice(0, 2),
    {
      name: 'quantum-core answered with an llm_response',
      subject: 'quantum-core',
      status: 'failed',
      evidence: 'no llm_response within 5 s',
    },
    {
      name: 'llm-api gave the answer to the client',
      subject: 'llm-api',
      status: 'not-reached',
      evidence: 'no answer within 10 s',
    },
  ],
  stoppedAt: {
    hop: 3,
    name: 'quantum-core answered with an llm_response',
    subject: 'quantum-core',
    reason: 'llm_request was in the broker, no llm_response within 5 s',
    logLines: [
      '{"timestamp":"2030-01-01T00:00:00.000Z","service":"quantum-core","level":"error","message":"the database went away","context":{}}',
    ],
  },
};

const score: Score = {
  stack: 'acme',
  strategy: 'fallback',
  total: 81.25,
  max: 100,
  components: [
    {
      name: 'infrastructure',
      points: 18.75,
      max: 30,
      checks: [
        {
          code: 'INFRA_RESOURCE_ACTIVE',
          subject: 'cache',
          points: 0,
          max: 11.25,
          status: 'failed',
          evidence: 'redis (embedded) is crashed',
          fix: {
            why: 'exited with 1: the port 6379 on which it should listen is held by another process',
            command: 'qbtc up',
          },
        },
      ],
    },
    { name: 'discovery', points: 25, max: 25, checks: [] },
    { name: 'routes', points: 20, max: 20, checks: [] },
    { name: 'connectivity', points: 15, max: 15, checks: [] },
    {
      name: 'monitoring',
      points: 2.5,
      max: 10,
      checks: [],
    },
  ],
  notMeasured: [
    {
      code: 'MONITORING_METRICS',
      subject: 'llm-api',
      max: 7.5,
      reason: 'connect ECONNREFUSED 127.0.0.1:8000',
    },
  ],
};

const foundServices: FoundService[] = [
  {
    name: 'llm-api',
    ownsName: true,
    origin: 'declared',
    confidence: 0.97,
    condition: 'healthy',
    sources: ['stack', 'ports', 'health'],
    evidence: [{ source: 'stack', found: 'qbtc.yaml declares llm-api on port 8000' }],
    instances: [
      {
        id: '127.0.0.1:8000',
        address: { host: '127.0.0.1', port: 8000 },
        pid: 4242,
        container: undefined,
        version: '0.1.0',
        weight: 1,
        condition: 'healthy',
        reason: '',
        evidence: [
          { source: 'stack', found: 'qbtc.yaml declares llm-api on port 8000' },
          { source: 'ports', found: 'port 8000 listens, held by node (pid 4242)' },
          { source: 'health', found: 'http://127.0.0.1:8000/health answers 200 as llm-api' },
        ],
        joinedBy: ['port 8000'],
      },
    ],
    contradictions: [],
    health: '/health',
    plugins: {},
    route: { from: 'declared', uris: ['/v1/chat/completions', '/v1/models', '/v1/models/*'] },
    unrouted: '',
  },
  {
    name: 'orders',
    ownsName: true,
    origin: 'labelled',
    confidence: 0.3,
    condition: 'unhealthy',
    sources: ['docker', 'health'],
    evidence: [{ source: 'docker', found: 'container orders (1a2b3c4d5e6f, shop/orders:2) Up 2 minutes' }],
    instances: [
      {
        id: 'docker:1a2b3c4d5e6f',
        address: { host: '172.17.0.2', port: 3000 },
        pid: undefined,
        container: '1a2b3c4d5e6f7a8b9c0d',
        version: undefined,
        weight: 3,
        condition: 'unhealthy',
        reason: 'port 3000 belongs to billing',
        evidence: [
          { source: 'docker', found: 'container orders (1a2b3c4d5e6f, shop/orders:2) Up 2 minutes' },
          { source: 'health', found: 'http://172.17.0.2:3000/health answers 200 as billing' },
        ],
        joinedBy: [],
      },
      {
        id: 'docker:6f5e4d3c2b1a',
        address: undefined,
        pid: undefined,
        container: '6f5e4d3c2b1a7a8b9c0d',
        version: undefined,
        weight: 1,
        condition: 'starting',
        reason: 'its health check in the container has not passed yet',
        evidence: [],
        joinedBy: [],
      },
    ],
    contradictions: ['it is called orders, but answers as billing'],
    health: '/health',
    plugins: { 'key-auth': {} },
    route: undefined,
    unrouted: 'the path /orders belongs to shop',
  },
];

const labelFinding: Finding = {
  code: 'unknown-label',
  severity: 'warning',
  subject: 'container orders',
  message: 'qbtc.prot is no label of qbtc',
  fix: 'did you mean qbtc.port?',
};

function span(fields: Partial<Trace['spans'][number]>): Trace['spans'][number] {
  return {
    spanId: '00',
    parentSpanId: undefined,
    service: 'quantum-core',
    instance: 'quantum-core@127.0.0.1:8001',
    name: 'work',
    kind: 'internal',
    offsetUs: 0,
    durationUs: 0,
    failed: false,
    message: '',
    correlationId: undefined,
    attributes: {},
    depth: 0,
    ...fields,
  };
}

/** One document of each kind, with something of everything in it. */
export const documents: { [Kind in DocumentKind]: DocumentOf<Kind> } = {
  discovery: {
    kind: 'discovery',
    stack: 'acme',
    takenAt: '2026-01-05T10:00:00.000Z',
    services: foundServices,
    others: [
      {
        address: { host: '127.0.0.1', port: 5672 },
        pid: 4300,
        program: 'beam.smp',
        protocol: 'amqp',
        found: 'broker of acme (rabbitmq)',
      },
    ],
    sources: [
      { source: 'stack', state: 'asked', reason: '', sightings: 9 },
      { source: 'docker', state: 'absent', reason: 'no Docker engine answers', sightings: 0 },
      { source: 'rabbitmq', state: 'failed', reason: 'the management API cannot be reached', sightings: 0 },
    ],
    findings: [labelFinding],
    all: true,
  },
  service: { kind: 'service', stack: 'acme', services: foundServices },
  trace: {
    kind: 'trace',
    stack: 'acme',
    trace: {
      id: 'a8f3bb524fac5c3802a1cbcb181c5eaa',
      startedAt: '2026-01-05T10:00:00.123456Z',
      durationUs: 47_467,
      services: ['llm-api', 'quantum-core'],
      correlationId: 'c-1',
      spans: [
        span({
          spanId: '01',
          service: 'llm-api',
          name: 'POST /v1/chat/completions',
          durationUs: 47_467,
          depth: 0,
        }),
        span({
          spanId: '02',
          parentSpanId: '01',
          service: 'llm-api',
          name: 'send llm.request',
          offsetUs: 1_200,
          durationUs: 2_100,
          depth: 1,
        }),
        span({
          spanId: '03',
          parentSpanId: '02',
          name: 'process q_llm_requests',
          offsetUs: 4_000,
          durationUs: 40_000,
          depth: 2,
        }),
        span({
          spanId: '04',
          parentSpanId: '03',
          name: 'add an interaction',
          offsetUs: 30_000,
          durationUs: 5_000,
          depth: 3,
          failed: true,
          message: 'Query read timeout',
        }),
      ],
    },
  },
  traces: {
    kind: 'traces',
    stack: 'acme',
    traces: [
      {
        id: 'a8f3bb524fac5c3802a1cbcb181c5eaa',
        startedAt: '2026-01-05T10:00:00.123456Z',
        durationUs: 1_247_467,
        service: 'llm-api',
        name: 'POST /v1/chat/completions',
        spans: 4,
        failedSpans: 1,
        services: ['llm-api', 'quantum-core'],
        correlationId: undefined,
      },
    ],
  },
  registered: {
    kind: 'registered',
    stack: 'acme',
    dryRun: false,
    services: foundServices,
    changes: [
      {
        action: 'create',
        kind: 'upstream',
        name: 'acme.shop',
        reason: 'found and not there',
        status: 'done',
      },
      {
        action: 'create',
        kind: 'route',
        name: 'acme.orders',
        reason: 'found and not there',
        status: 'failed',
        why: 'route other serves /orders already: it carries no label of qbtc',
      },
    ],
    announced: [{ key: 'service.registered', name: 'llm-api', instance: '127.0.0.1:8000' }],
    unannounced: 'broker (http://127.0.0.1:15672, vhost acme): connect ECONNREFUSED',
    findings: [labelFinding],
  },
  'service-change': {
    kind: 'service-change',
    time: '2026-01-05T10:00:00.000Z',
    change: 'crashed',
    service: 'orders',
    instance: 'docker:1a2b3c4d5e6f',
    reason: 'its container has crashed: Exited (3) 1 second ago',
  },
  'contract-diff': {
    kind: 'contract-diff',
    stack: 'acme',
    against: 'HEAD',
    changes: [
      { event: 'web_ui_update', field: '', what: 'is new', breaks: [] },
      {
        event: 'llm_request',
        field: 'messages[].role',
        what: 'no longer has the values "tool"',
        breaks: ['backward'],
      },
    ],
  },
  event: {
    kind: 'event',
    exchange: 'qbtc.topic',
    routingKey: 'llm.request',
    seenAt: '2026-01-05T10:00:00.000Z',
    type: 'llm_request',
    source: 'llm-api',
    id: 'e-1',
    correlationId: 'c-1',
    problem: '/data/model must be string',
    event: { type: 'llm_request' },
  },
  published: {
    kind: 'published',
    stack: 'acme',
    id: 'e-1',
    type: 'service_gone',
    correlationId: 'c-1',
    exchange: 'qbtc.topic',
    routingKey: 'service.gone',
  },
  replayed: {
    kind: 'replayed',
    stack: 'acme',
    from: 'q_dead_letters',
    letters: [
      {
        index: 0,
        type: 'llm_request',
        id: 'e-1',
        correlationId: 'c-1',
        reason: 'not a valid llm_request',
        origin: { queue: 'q_llm_requests', exchange: 'qbtc.topic', routingKey: 'llm.request' },
        replays: 0,
        status: 'replayed',
      },
      {
        index: 1,
        reason: 'the broker: delivery_limit',
        origin: { exchange: 'qbtc.topic', routingKey: 'llm.request' },
        replays: 1,
        status: 'kept',
        note: 'its type is not known',
      },
    ],
  },
  text: { kind: 'text', stack: 'acme', format: 'mermaid', text: 'flowchart LR\n' },
  migrated: {
    kind: 'migrated',
    stack: 'acme',
    queue: 'q_llm_requests',
    migrated: true,
    messages: 5000,
    paused: ['llm-api', 'quantum-core'],
    outcomes: [
      {
        change: { action: 'update', kind: 'queue', name: 'q_llm_requests', reason: 'migrated' },
        status: 'done',
      },
    ],
  },
  plan: {
    kind: 'plan',
    subject: 'routes',
    stack: 'acme',
    changes: [
      { action: 'create', kind: 'route', name: 'llm-chat', reason: 'declared by llm-api' },
      {
        action: 'update',
        kind: 'route',
        name: 'llm-models',
        fields: [
          { path: 'plugins.limit-count.count', from: 60, to: 120 },
          { path: 'methods', to: ['GET'] },
          { path: 'desc', from: 'old' },
        ],
      },
      {
        action: 'delete',
        kind: 'upstream',
        name: 'gone',
        blocked: 'route other-route, which is not ours, refers to it',
      },
    ],
    leftovers: [{ action: 'delete', kind: 'consumer', name: 'guest' }],
  },
  applied: {
    kind: 'applied',
    subject: 'topology',
    stack: 'acme',
    outcomes: [
      { change: { action: 'create', kind: 'queue', name: 'q_llm_requests' }, status: 'done' },
      {
        change: { action: 'create', kind: 'exchange', name: 'qbtc.topic' },
        status: 'failed',
        reason: 'PRECONDITION_FAILED: the exchange exists with the type direct',
      },
      {
        change: { action: 'create', kind: 'binding', name: 'qbtc.topic → q_llm_requests' },
        status: 'skipped',
        reason: 'exchange qbtc.topic failed',
      },
    ],
    answers: [
      {
        route: 'acme-llm-models',
        request: 'GET /v1/models',
        status: 200,
        answered: true,
        evidence: '200 from behind the gateway',
      },
    ],
  },
  routes: {
    kind: 'routes',
    stack: 'acme',
    routes: [
      {
        id: 'acme-llm-models',
        methods: ['GET'],
        uris: ['/v1/models'],
        nodes: ['127.0.0.1:8000'],
        plugins: ['key-auth', 'limit-count'],
        owner: '',
        status: 'on',
      },
      { id: 'hand-made', methods: [], uris: ['/x'], nodes: [], plugins: [], owner: 'theirs', status: 'off' },
    ],
  },
  findings: {
    kind: 'findings',
    subject: 'lint',
    about: 'the routes',
    stack: 'acme',
    findings: [
      {
        code: 'unknown-plugin',
        severity: 'error',
        subject: 'route acme-llm-chat',
        message: 'there is no plugin "key-aut"; did you mean "key-auth"?',
        fix: 'write key-auth',
        place: { file: 'qbtc.yaml', line: 12, column: 9 },
      },
    ],
    notJudged: ['the configuration of own-plugin'],
  },
  explanation: {
    kind: 'explanation',
    stack: 'acme',
    method: 'GET',
    url: 'http://127.0.0.1:9080/v1/models',
    answer: { id: 'acme-llm-models', uris: ['/v1/models'], reason: '' },
    others: [{ id: 'acme-llm-chat', uris: ['/v1/chat/completions'], reason: 'its URI is not /v1/models' }],
  },
  consumers: {
    kind: 'consumers',
    stack: 'acme',
    consumers: [
      {
        username: 'alice',
        source: 'command',
        credentials: 4,
        limit: '60 requests in 60 s',
        createdAt: '2026-11-21T06:00:00.000Z',
        rotatedAt: '2026-11-21T07:00:00.000Z',
        previousValid: true,
      },
      {
        username: 'app',
        source: 'declared',
        credentials: 2,
        limit: '',
        createdAt: null,
        rotatedAt: null,
        previousValid: false,
      },
    ],
  },
  dump: {
    kind: 'dump',
    stack: 'acme',
    yaml: 'routes:\n  - id: acme-llm-models\n',
    objects: 1,
    missing: ['the key of ssl a: the gateway does not give it'],
  },
  up: {
    kind: 'up',
    stack: 'acme',
    strategy: 'fallback',
    choices: [
      { resource: 'broker', provider: 'embedded', reason: 'no RabbitMQ answers on port 5672', loss: '' },
      {
        resource: 'cache',
        provider: 'embedded',
        reason: 'no Redis answers on port 6379',
        loss: 'it is volatile: what it holds is gone after a restart',
      },
    ],
    services: [{ service: 'llm-api', runs: 'process', reason: 'services run on this machine itself' }],
    started: ['broker', 'cache', 'llm-api'],
    kept: ['gateway'],
    outcomes: [],
    gatewayUrl: 'http://127.0.0.1:9080',
    durationMs: 3412,
    timing: {
      steps: [
        { name: 'cache', startMs: 3, endMs: 210, after: [] },
        { name: 'broker', startMs: 4, endMs: 900, after: [] },
        { name: 'apply topology', startMs: 900, endMs: 1020, after: ['broker'] },
        { name: 'llm-api', startMs: 1020, endMs: 3400, after: ['broker', 'apply topology'] },
      ],
      critical: ['broker', 'apply topology', 'llm-api'],
    },
  },
  secrets: {
    kind: 'secrets',
    stack: 'acme',
    secrets: [
      { name: 'api-key', subject: { kind: 'declared' }, services: [] },
      { name: 'broker-password', subject: { kind: 'resource', resource: 'broker' }, services: ['llm-api'] },
    ],
  },
  rotated: {
    kind: 'rotated',
    stack: 'acme',
    rotated: ['broker-password'],
    restarted: ['llm-api'],
    kept: ['broker', 'cache'],
  },
  stop: { kind: 'stop', stack: 'acme', stopped: ['broker'], stranded: ['llm-api'] },
  ports: {
    kind: 'ports',
    stack: 'acme',
    ports: [
      {
        name: 'broker',
        role: 'management',
        port: 15672,
        provider: 'embedded',
        listener: { program: 'node', pid: 4712 },
      },
      { name: 'llm-api', role: 'http', port: 8000, provider: null, listener: null },
    ],
  },
  doctor: {
    kind: 'doctor',
    checks: [
      { name: 'node', status: 'pass', found: 'Node 20.20.2 (linux x64)', fix: null },
      {
        name: 'docker',
        status: 'warning',
        found: 'this account may not use unix:///var/run/docker.sock',
        fix: 'sudo usermod -aG docker $USER, then log in again',
      },
      {
        name: 'ports',
        status: 'fail',
        found: 'port 5432 (database) is held by postgres (pid 4242)',
        fix: 'end the process, or give the stack other ports: set ports.base in qbtc.yaml (2000, 3000, …)',
      },
    ],
    strategy: null,
  },
  'up-plan': {
    kind: 'up-plan',
    stack: 'acme',
    strategy: 'hybrid',
    resources: [
      {
        resource: 'broker',
        provider: 'external',
        reason: '127.0.0.1:5672 answers already, with the credentials of this stack',
        loss: 'qbtc neither starts nor stops it',
        action: 'adopt',
      },
      {
        resource: 'cache',
        provider: 'embedded',
        reason: 'js-redis-server, which speaks the Redis protocol',
        loss: 'volatile: what it holds is gone when it stops',
        action: 'start',
      },
    ],
    services: [
      { service: 'llm-api', runs: 'process', reason: 'services run on this machine itself', action: 'keep' },
    ],
    ends: ['old-api'],
  },
  down: { kind: 'down', stack: 'acme', stopped: ['llm-api', 'broker'], removed: ['/stack/.qbtc/data'] },
  status: {
    kind: 'status',
    stack: 'acme',
    strategy: 'fallback',
    supervisor: { pid: 4711 },
    resources: [
      {
        name: 'broker',
        kind: 'rabbitmq',
        provider: 'embedded',
        state: 'active',
        reason: '',
        pid: 4712,
        ports: [5672, 15672],
        restarts: 0,
        health: { measured: true, value: { version: '0.1.0' } },
      },
      {
        name: 'cache',
        kind: 'redis',
        provider: 'external',
        state: 'unhealthy',
        reason:
          'refuses the password of the stack: WRONGPASS invalid username-password pair or user is disabled',
        pid: undefined,
        ports: [6379],
        restarts: 0,
        health: { measured: false, reason: 'WRONGPASS' },
      },
      {
        name: 'llm-api',
        kind: 'service',
        provider: 'process',
        state: 'stopped',
        reason: 'was not started',
        pid: undefined,
        ports: [8000],
        restarts: 0,
        health: { measured: false, reason: 'connect ECONNREFUSED' },
      },
    ],
  },
  score: { kind: 'score', score, target: 85 },
  flows: { kind: 'flows', flows: [passedFlow, stoppedFlow] },
  logs: {
    kind: 'logs',
    lines: [
      { source: 'llm-api', timestamp: '2030-01-01T10:20:30.456Z', level: 'info', message: 'ready' },
      {
        source: 'quantum-core',
        timestamp: '2030-01-01T10:20:31.001Z',
        level: 'error',
        message: 'no engine',
        correlationId: 'c-1',
      },
      { source: 'database', message: 'LOG:  database system is ready to accept connections' },
    ],
  },
  error: {
    kind: 'error',
    error: new QbtcError('PORT_TAKEN', 'not all ports of the stack are free', {
      details: ['port 5432 (database) is held by postgres (pid 812)'],
      hint: 'end the process, or give the stack other ports: set ports.base in qbtc.yaml (1000, 2000, …)',
      cause: undefined,
    }),
  },
  scaffold: {
    kind: 'scaffold',
    name: 'acme',
    folder: '../acme',
    portBase: 1000,
    ports: [
      { name: 'gateway', role: 'main', port: 10_080 },
      { name: 'gateway', role: 'admin', port: 10_180 },
    ],
    notices: ['git is not installed: no repository was made'],
    next: [
      { command: 'cd ../acme', why: 'the folder of the stack' },
      { command: 'qbtc up', why: 'brings everything up and says when it is healthy' },
    ],
  },
  demo: {
    kind: 'demo',
    stack: 'demo',
    steps: [
      { name: 'new', status: 'done', durationMs: 310, result: 'a stack in a temporary folder' },
      { name: 'up', status: 'done', durationMs: 3810, result: '6 parts are healthy' },
      { name: 'test', status: 'failed', durationMs: 10_240, result: '1 of 2 flows failed' },
    ],
    chat: {
      question: 'What is a gateway?',
      answer: 'A gateway is the one door to all services.',
      model: 'qbtc-offline',
    },
    flows: [passedFlow],
    score,
    target: 85,
  },
};

export const allDocuments: Document[] = Object.values(documents);
