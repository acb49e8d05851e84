import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { subjectsOf } from '../../src/flow/subjects.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { scriptedServer } from '../support/scripted-server.ts';
import { emptyStack } from '../support/stack.ts';
import { service } from './chain.ts';

async function withLogs(logs: Record<string, string[]>): Promise<string> {
  const root = await temporaryFolder();
  await mkdir(join(root, '.qbtc/logs'), { recursive: true });
  for (const [name, lines] of Object.entries(logs)) {
    await writeFile(join(root, `.qbtc/logs/${name}.log`), lines.map((each) => `${each}\n`).join(''));
  }
  return root;
}

test('the log of a service with replicas is that of all of them, in the order of time', async () => {
  const line = (second: number) =>
    JSON.stringify({ timestamp: `2030-01-01T00:00:0${second}.000Z`, message: `second ${second}` });
  const root = await withLogs({
    'llm-api-1': [line(1), line(3)],
    'llm-api-2': [line(2)],
    broker: ['plain text'],
  });
  const stack = emptyStack(root, { services: [service('llm-api', 8000, { replicas: 2 })] });
  const { readLog } = subjectsOf(quietContext(), stack);
  const rawOf = async (subject: string) => (await readLog(subject, 10)).map(({ raw }) => raw);
  expect(await rawOf('llm-api')).toEqual([line(1), line(2), line(3)]);
  expect(await rawOf('broker')).toEqual(['plain text']);
  expect(await rawOf('nobody')).toEqual([]);
});

test('a subject answers when its health document, or its protocol, does', async () => {
  const well = await scriptedServer((_, response) => response.end('{"service":"llm-api"}'));
  const ill = await scriptedServer((_, response) => response.writeHead(503).end());
  for (const server of [well, ill]) onTestFinished(() => server.close());
  const portOf = (url: string) => Number(new URL(url).port);
  const gateway = { host: '127.0.0.1', port: portOf(ill.url), url: ill.url };
  const stack = emptyStack('/nowhere', {
    services: [service('llm-api', portOf(well.url)), service('core', portOf(ill.url))],
    resources: [{ name: 'gateway', kind: 'apisix', ports: {}, endpoint: gateway }],
  });
  const { answers } = subjectsOf(quietContext(), stack);
  // Any HTTP answer shows that the gateway is there: what it answers is the business of its routes.
  expect(await Promise.all(['llm-api', 'core', 'gateway', 'nobody'].map(answers))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

describe('what is logged about one run', () => {
  const since = Date.parse('2020-01-01T00:00:30.000Z');
  const line = (second: number, level: string, message: string, id?: string) =>
    JSON.stringify({
      timestamp: `2020-01-01T00:00:${second}.000Z`,
      level,
      message,
      ...(id === undefined ? {} : { correlation_id: id }),
    });
  const about = async (logs: Record<string, string[]>, starts: Record<string, number> = {}) => {
    const root = await withLogs(logs);
    const processes = Object.entries(starts).map(([name, logFrom]) => ({
      ...{ name, logFrom, ports: [], dependsOn: [], stopTimeoutMs: 1, fingerprint: '' },
    }));
    const supervisor = { pid: 1, socket: '' };
    await writeFile(join(root, '.qbtc/state.json'), JSON.stringify({ supervisor, processes }));
    const stack = emptyStack(root, { services: [service('api', 8000), service('core', 8001)] });
    const lines = await subjectsOf(quietContext(), stack).linesAbout(
      'core',
      { correlationId: 'mine', since },
      10,
    );
    return lines.map(({ source, message }) => `${source}: ${message}`);
  };

  test('is what has its id, whatever its level, and no line of another run', async () => {
    expect(
      await about({ core: [line(31, 'info', 'took it', 'mine'), line(32, 'error', 'other', 'not-mine')] }),
    ).toEqual(['core: took it']);
  });

  test('and warnings of it by other services, as the reason may stand there', async () => {
    expect(
      await about({
        core: [line(31, 'info', 'took it', 'mine')],
        api: [line(32, 'warn', 'gave up', 'mine'), line(33, 'info', 'answered', 'mine')],
      }),
    ).toEqual(['core: took it', 'api: gave up']);
  });

  test('and what it has logged since without an id, where that is grave, or a crash', async () => {
    expect(
      await about({
        core: [
          line(19, 'error', 'before the run'),
          line(31, 'info', 'idle'),
          line(32, 'warn', 'the broker closed a consumer'),
          'TypeError: x',
          '    at y',
        ],
      }),
    ).toEqual(['core: the broker closed a consumer', 'core: TypeError: x', 'core:     at y']);
  });

  test('and nothing of processes that ended before', async () => {
    const old = 'SyntaxError of an earlier start';
    const begin = Buffer.byteLength(`${old}\n`);
    expect(await about({ core: [old, 'crashed now'] }, { core: begin })).toEqual(['core: crashed now']);
  });
});
