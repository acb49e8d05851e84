import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DiscoverOptions, discover } from '../../src/discovery/discover.ts';
import type { RunningInstance } from '../../src/health/index.ts';
import { service } from '../flow/chain.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { scriptedServer } from '../support/scripted-server.ts';
import { emptyStack } from '../support/stack.ts';

const LOCAL: DiscoverOptions = { sources: ['stack', 'ports', 'processes'] };

async function answering(reply: Parameters<typeof scriptedServer>[0]): Promise<number> {
  const server = await scriptedServer(reply);
  onTestFinished(() => server.close());
  return Number(new URL(server.url).port);
}

async function lookAt(port: number, options: DiscoverOptions = LOCAL) {
  const stack = emptyStack('/stack', { services: [service('llm-api', port)] });
  const { services } = await discover(quietContext(), stack, {
    portRange: { first: port, last: port },
    ...options,
  });
  return services[0];
}

describe('a declared service', () => {
  test('that answers as itself is found by all that see it', async () => {
    const port = await answering((_, response) => response.end('{"service":"llm-api","version":"3"}'));
    expect(await lookAt(port)).toMatchObject({
      name: 'llm-api',
      condition: 'healthy',
      confidence: 0.93,
      contradictions: [],
      instances: [{ pid: process.pid, version: '3', address: { port } }],
    });
  });

  test('that does not listen is absent, and not asked', async () => {
    const [port = 0] = await freePorts(1);
    expect(await lookAt(port)).toMatchObject({
      condition: 'absent',
      confidence: 0,
      instances: [{ reason: `nothing listens on port ${port}` }],
    });
  });

  test.each([
    [500, 'application/json', '{"service":"llm-api"}', 'answers 500 as llm-api'],
    [200, 'text/html', '<!doctype html><p>hello', 'no health document'],
    [200, 'application/json', '{"service":"other"}', 'belongs to other'],
  ])('that answers %i %s is not healthy', async (status, type, body, reason) => {
    const port = await answering((_, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
    const found = await lookAt(port);
    expect(found?.instances[0]).toMatchObject({
      condition: 'unhealthy',
      reason: expect.stringContaining(reason),
    });
  });
});

describe('what qbtc runs', () => {
  const running = (port: number, how: Partial<RunningInstance>) => ({
    ...LOCAL,
    running: async () => [
      { name: 'llm-api', service: 'llm-api', port, runs: undefined, isReady: true, ...how },
    ],
  });

  test.each([
    ['text/html', '<!doctype html>'],
    ['application/json', '{"service":"The LLM API (production)"}'],
    ['application/json', '{"service":"acme-frontend"}'],
    ['text/plain', 'ok'],
  ])('and answers %s %s is healthy, and as sure as by its name', async (type, body) => {
    const port = await answering((_, response) =>
      response.writeHead(200, { 'content-type': type }).end(body),
    );
    expect(await lookAt(port, running(port, { runs: { pid: process.pid } }))).toMatchObject({
      condition: 'healthy',
      confidence: 0.93,
      contradictions: [],
    });
  });

  test('is not healthy where another process has its port', async () => {
    const port = await answering((_, response) => response.end('{"service":"llm-api"}'));
    expect(await lookAt(port, running(port, { runs: { pid: 999_999_999 } }))).toMatchObject({
      condition: 'unhealthy',
      instances: [{ reason: expect.stringMatching(`pid ${process.pid}\\), which is not of this stack`) }],
    });
  });

  test.each([
    [
      'a worker that does not listen',
      { runs: { pid: 77 } },
      'unhealthy',
      /^it runs \(pid 77\), but nothing listens/,
    ],
    ['one that begins', { runs: { pid: 77 }, isReady: false }, 'starting', /it runs/],
    [
      'one that crashes',
      { ended: { condition: 'restarting', reason: 'exited with 1' } },
      'restarting',
      /exited with 1/,
    ],
    ['one that was ended', { ended: { condition: 'stopped', reason: 'stopped' } }, 'stopped', /stopped/],
  ] as const)('is not called absent: %s', async (_, how, condition, reason) => {
    const [port = 0] = await freePorts(1);
    expect(await lookAt(port, running(port, how))).toMatchObject({
      condition,
      instances: [{ reason: expect.stringMatching(reason) }],
    });
  });
});

test('a service that answers for ever is cut off, and one that calls itself what no service can is nameless', async () => {
  const endless = await answering((_, response) => {
    const more = () => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', more);
    };
    response.writeHead(200);
    more();
  });
  expect((await lookAt(endless))?.instances[0]?.reason).toContain('more than 1048576 bytes');
  const rude = await answering((_, response) => response.end('{"service":"\\u001b[2Jllm-api"}'));
  const found = await lookAt(rude);
  expect(JSON.stringify(found)).not.toContain('u001b');
  expect(found?.evidence.at(-1)?.found).toContain('without saying who it is');
});

describe('what nobody declares', () => {
  test('is a service when it says who it is, and another port otherwise', async () => {
    const stray = await answering((_, response) => response.end('{"name":"stray"}'));
    const plain = await answering((_, response) => response.writeHead(404).end());
    // Each alone: what else listens on this machine is none of this test's business.
    const [{ services }, { others }] = await Promise.all(
      [stray, plain].map((port) =>
        discover(quietContext(), emptyStack('/stack'), {
          sources: ['ports'],
          portRange: { first: port, last: port },
        }),
      ) as [ReturnType<typeof discover>, ReturnType<typeof discover>],
    );
    expect(services).toMatchObject([{ name: 'stray', origin: 'guessed', route: undefined }]);
    expect(others).toContainEqual(
      expect.objectContaining({ address: { host: '127.0.0.1', port: plain }, protocol: 'http' }),
    );
  });

  test('is known by the keyword in its command line; no argument of it is ever told', async () => {
    const folder = await temporaryFolder('qbtc keyword ');
    const secret = `s3cret-${process.pid}-value`;
    const program = `const server = require('node:http').createServer((_, response) => response.end('ok'));
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
    const child = spawn(
      process.execPath,
      ['-e', program, '--', 'vigoleon', `--token=${secret}`, secret, `amqp://me:${secret}@host`],
      { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    onTestFinished(() => void child.kill());
    const [chunk] = await once(child.stdout, 'data');
    const port = Number(String(chunk));
    const discovery = await discover(quietContext(), emptyStack(join(folder, 'stack')), {
      sources: ['ports', 'processes'],
      portRange: { first: port, last: port },
    });
    const found = discovery.services.find(({ instances }) => instances[0]?.pid === child.pid);
    expect(found?.evidence.map(({ source }) => source)).toEqual(['ports', 'processes', 'health']);
    expect(JSON.stringify(discovery)).not.toContain(secret);
  });
});

test('a source that cannot be asked is told, and the others count without it', async () => {
  const context = quietContext();
  const docker: typeof context.docker = async () => {
    const opened = await context.docker();
    opened.engine.ping = () => Promise.reject(Object.assign(new Error('connect'), { code: 'EACCES' }));
    return { ...opened, address: 'unix:///closed.sock' };
  };
  const { sources } = await discover({ ...context, docker }, emptyStack('/stack'), {
    sources: ['docker', 'rabbitmq', 'stack'],
  });
  expect(sources).toEqual([
    { source: 'stack', state: 'asked', reason: '', sightings: 0 },
    {
      source: 'docker',
      state: 'absent',
      reason: 'this account may not use unix:///closed.sock',
      sightings: 0,
    },
    { source: 'rabbitmq', state: 'absent', reason: 'the stack declares no broker', sightings: 0 },
  ]);
});
