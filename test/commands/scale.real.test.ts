import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { newStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';

describe('two instances of a service, and the traces of what they do', () => {
  let root = '';
  let takeDown = async () => {};
  const json = async <Document>(...args: string[]) => {
    const { stdout, stderr, code } = await qbtc([...args, '--json'], root);
    expect(code, `${args.join(' ')}\n${stdout}\n${stderr}`).toBe(0);
    return JSON.parse(stdout) as Document;
  };
  const names = async () =>
    (await json<{ resources: { name: string; kind: string; state: string }[] }>('status')).resources
      .filter(({ kind }) => kind === 'service')
      .map(({ name, state }) => `${name} ${state}`);

  beforeAll(async () => {
    [root, takeDown] = await newStack('scaled');
    const up = await qbtc(['up', '--scale', 'quantum-core=2'], root);
    expect(up.code, up.stderr).toBe(0);
  }, 240_000);
  afterAll(() => takeDown());

  test('run, are known to every later command, and share the work', async () => {
    expect(await names()).toEqual([
      'llm-api active',
      'quantum-core-1 active',
      'quantum-core-2 active',
      'platform-api active',
      'exchange-simulator active',
      'trading-hft active',
    ]);
    const again = await json<{ started: string[] }>('up');
    expect(again.started).toEqual([]);
    const { flows } = await json<{ flows: { status: string }[] }>('test', '--tag', 'llm', '--repeat', '8');
    expect(flows.every(({ status }) => status === 'passed')).toBe(true);
    const { services } = await json<{
      services: { name: string; sources: string[]; instances: unknown[] }[];
    }>('discover');
    const core = services.find(({ name }) => name === 'quantum-core');
    expect(core?.instances).toHaveLength(2);
    expect(core?.sources).toContain('registry');

    const stack = await openStackAt(root);
    const platform = stack.services.find(({ name }) => name === 'platform-api');
    const stats = (await (await fetch(`http://127.0.0.1:${platform?.port}/api/events/stats`)).json()) as {
      processed: { instance: string; source: string; outcome: string; events: number }[];
    };
    const busy = stats.processed.filter(
      ({ source, outcome, events }) => source === 'q_llm_requests' && outcome === 'processed' && events > 0,
    );
    expect(new Set(busy.map(({ instance }) => instance)).size).toBe(2);
  }, 240_000);

  test('are drawn span by span, and listed by how slow they were', async () => {
    const { flows } = await json<{ flows: { correlationId: string }[] }>('test', '--only', 'llm-plain');
    const id = flows[0]?.correlationId ?? '';
    // The trace of a flow has the digits of its correlation id.
    const trace = await vi.waitFor(
      async () => {
        const found = await json<{ id: string; startedAt: string; spans: { name: string }[] }>(
          'trace',
          '--correlation',
          id,
        );
        expect(found.id).toBe(id.replaceAll('-', ''));
        expect(found.spans.map(({ name }) => name)).toEqual(
          expect.arrayContaining([
            'POST /v1/chat/completions',
            'send llm.request',
            'process q_llm_requests',
            'add an interaction',
          ]),
        );
        return found;
      },
      { timeout: 30_000 },
    );
    // Services begin traces of their own at any time: the newest is this one or younger.
    const newest = await json<{ startedAt: string }>('trace', '--last');
    expect(newest.startedAt >= trace.startedAt).toBe(true);
    expect((await json<{ id: string }>('trace', trace.id.slice(0, 10))).id).toBe(trace.id);
    const drawn = await qbtc(['trace', trace.id], root);
    expect(drawn.stdout).toContain('█');
    expect(Math.max(...drawn.stdout.split('\n').map((line) => [...line].length))).toBeLessThanOrEqual(80);
    const { traces } = await json<{ traces: { durationUs: number }[] }>(
      'trace',
      'ls',
      '--slow',
      '--limit',
      '5',
    );
    const times = traces.map(({ durationUs }) => durationUs);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  }, 240_000);

  test('what cannot be is refused with what could be, and nothing is changed', async () => {
    for (const [args, code, said] of [
      [['up', '--scale', 'quantum-coer=2'], 64, 'did you mean "quantum-core"?'],
      [['up', '--scale', 'quantum-core=0'], 64, 'expected NAME=COUNT'],
      [['up', '--scale', 'llm-api=2'], 1, 'replica 2 of service llm-api'],
      [['trace'], 64, 'qbtc trace --last'],
      [['trace', 'ab', '--last'], 64, 'one trace is drawn at a time'],
      [['trace', 'not-hex'], 64, 'expected the id of a trace'],
      [['trace', 'ffffffffffff'], 1, 'no trace whose id begins with'],
    ] as const) {
      const ended = await qbtc([...args], root);
      expect([ended.code, ended.stderr], args.join(' ')).toEqual([code, expect.stringContaining(said)]);
    }
    expect(await names()).toHaveLength(6);
  }, 240_000);

  test('a core that is stopped loses no request', async () => {
    const { flows } = await json<{ flows: { name: string; status: string }[] }>(
      'test',
      '--only',
      'llm-core-restarted',
    );
    expect(flows).toMatchObject([{ name: 'llm-core-restarted', status: 'passed' }]);
  }, 240_000);

  test('end with down', async () => {
    expect((await qbtc(['down'], root)).code).toBe(0);
    expect((await openStackAt(root)).services.map(({ replicas }) => replicas)).toEqual([1, 1, 1, 1, 1]);
  }, 240_000);
});
