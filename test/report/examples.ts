import type { FoundService } from '../../src/model/discovery.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { FlowResult } from '../../src/model/flow.ts';
import type { Score } from '../../src/model/score.ts';

// What several of the example documents are made of.

export const passedFlow: FlowResult = {
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

export const score: Score = {
  stack: 'acme',
  strategy: 'fallback',
  profile: 'qbtc',
  takenAt: '2030-01-02T10:00:00.000Z',
  total: 81.25,
  max: 100,
  adjusted: 81.25,
  grade: 'B',
  failures: [
    { kind: 'dead', subject: 'cache', state: 'crashed', reason: 'exited with 1' },
    { kind: 'flow', subject: 'llm <chat>', state: 'failed', reason: 'stopped at hop 2, llm-api: no answer' },
  ],
  gains: [
    {
      command: 'qbtc up',
      causes: ['cache'],
      why: 'exited with 1: the port 6379 on which it should listen is held by another process',
      severity: 'critical',
      points: 11.25,
      predicted: 92.5,
      checks: [{ code: 'INFRA_RESOURCE_ACTIVE', subject: 'cache', max: 11.25, status: 'failed' }],
    },
    {
      byHand: 'look into services/llm-api/src/main.ts; "qbtc logs llm-api" shows what llm-api did',
      causes: ['llm-api'],
      why: '/metrics answers 404',
      severity: 'minor',
      points: 0.5,
      predicted: 81.75,
      checks: ['llm-api', 'a hop', 'another hop', 'a route', 'one more'].map((subject) => ({
        code: 'MONITORING_METRICS',
        subject,
        max: 0.1,
        status: 'failed' as const,
      })),
    },
  ],
  undeclared: [
    {
      code: 'TOPOLOGY_IN_SYNC',
      subjects: ['acme'],
      reason: 'the stack declares no topology',
      declare: '`topology` of qbtc.yaml, or `events` of a service',
      brings: 3,
      predicted: 84.25,
    },
  ],
  lapsed: [
    { check: 'MONITORING_LOG_LINES', subject: 'quantum-core', reason: 'old logs', until: '2029-12-31' },
  ],
  components: [
    {
      name: 'infrastructure',
      points: 18.75,
      max: 30,
      checks: [
        {
          code: 'INFRA_RESOURCE_ACTIVE',
          subject: 'cache',
          severity: 'critical',
          points: 0,
          max: 11.25,
          status: 'failed',
          evidence: 'redis (embedded) is crashed',
          fix: {
            why: 'exited with 1: the port 6379 on which it should listen is held by another process',
            cause: 'cache',
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

export const foundServices: FoundService[] = [
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

export const labelFinding: Finding = {
  code: 'unknown-label',
  severity: 'warning',
  subject: 'container orders',
  message: 'qbtc.prot is no label of qbtc',
  fix: 'did you mean qbtc.port?',
};
