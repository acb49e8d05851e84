import { describe, expect, test } from 'vitest';
import type { HealthAnswer } from '../../src/health/ask.ts';
import type { Holder } from '../../src/health/holder.ts';
import { judgeHealth, namesHealth } from '../../src/health/judge.ts';

const document = (body: Record<string, unknown>, status = 200): HealthAnswer => {
  const names = [body.service, body.name].filter((each) => typeof each === 'string');
  const identity = names.find((each) => /^[\w.@/-]+$/.test(each));
  return {
    identity,
    names,
    version: undefined,
    document: body,
    isPage: false,
    status,
    refused: false,
    path: '/health',
    found: `answers ${status}`,
  };
};
const page: HealthAnswer = { ...document({}), document: undefined, isPage: true };
const silent: HealthAnswer = { ...document({}), status: undefined, found: 'connect ECONNREFUSED' };

const judge = (answer: HealthAnswer, whose: Holder['whose'], path = '/health') =>
  judgeHealth(answer, {
    name: 'llm-api',
    port: 8000,
    holder: { whose, ...(whose === 'unseen' ? {} : { pid: 77, program: 'node' }) },
    pathIsNamed: namesHealth(path),
  });

describe('what qbtc runs is well when it answers 2xx, whatever its document says', () => {
  test.each([
    ['its name', document({ service: 'llm-api' })],
    ['no name', document({ status: 'ok' })],
    ['a title', document({ name: 'LLM API (production)' })],
    ['the name of something else', document({ service: 'acme-frontend' })],
    ['a name that is no text', document({ service: 7, name: { en: 'llm' } })],
    ['a page', page],
    ['204 and nothing', { ...document({}, 204), document: undefined }],
  ])('%s', (_, answer) => {
    expect(judge(answer, 'ours')).toEqual({ healthy: true, proof: 'process' });
  });
});

test.each([
  ['nothing answers', silent, 'ours', 'silent', /ECONNREFUSED/],
  ['it says that it is not well', document({}, 503), 'ours', 'status', /^\/health answers 503$/],
  ['it redirects to a login', document({}, 302), 'ours', 'status', /answers 302/],
  [
    'another process has its port, by whatever name',
    document({ service: 'llm-api' }),
    'another',
    'stranger',
    /^port 8000 is held by node \(pid 77\), which is not of this stack$/,
  ],
  [
    'another process has its port, and says so',
    document({ service: 'billing' }),
    'another',
    'stranger',
    /not of this stack; it answers as billing$/,
  ],
  [
    'nobody can see whose it is, and it has another name',
    document({ service: 'billing' }),
    'unseen',
    'other-name',
    /^port 8000 belongs to billing$/,
  ],
  ['a page that nobody runs', page, 'unrun', 'page', /no health document$/],
] as const)('not well: %s', (_, answer, whose, problem, reason) => {
  expect(judge(answer, whose)).toMatchObject({
    healthy: false,
    proof: whose === 'ours' ? 'process' : 'none',
    problem,
    reason: expect.stringMatching(reason),
  });
});

test('the checks that are not well are named, and nothing else of a foreign document', () => {
  const checks = { database: { status: 'down', reason: 'no connection' }, disk: { status: 'UP' }, odd: null };
  expect(judge(document({ service: 'llm-api', checks }, 503), 'ours')).toMatchObject({
    reason: '/health answers 503 as llm-api (database: no connection)',
  });
  for (const odd of [null, 'down', ['down'], 7])
    expect(judge(document({ checks: odd }, 500), 'ours')).toMatchObject({ reason: '/health answers 500' });
});

test('where nobody can see whose process it is, a title that is its name will do', () => {
  for (const name of ['LLM API', 'llm_api', 'Llm-Api'])
    expect(judge(document({ name }), 'unrun')).toEqual({ healthy: true, proof: 'name' });
  expect(judge(document({ status: 'ok' }), 'unseen')).toEqual({ healthy: true, proof: 'none' });
});

test('a page is meant where somebody has named its path', () => {
  expect(judge(page, 'unrun', '/').healthy).toBe(true);
  expect(judge(page, 'unrun', '/health').healthy).toBe(false);
});

test.each([
  'password authentication failed for user "acme_quantum-core"',
  'Handshake terminated by server: 403 (ACCESS-REFUSED)',
  'WRONGPASS invalid username-password pair',
])('a check that a server refuses the password of is a fact, not a sentence: %s', (reason) => {
  const checks = { database: { status: 'unhealthy', reason } };
  expect(judge(document({ checks }, 503), 'ours')).toMatchObject({
    problem: 'status',
    status: 503,
    credentialRefused: true,
    reason: expect.stringContaining(`(database: ${reason})`),
  });
  const other = judge(
    document({ checks: { database: { status: 'unhealthy', reason: 'hangs' } } }, 503),
    'ours',
  );
  expect(other).not.toHaveProperty('credentialRefused');
});
