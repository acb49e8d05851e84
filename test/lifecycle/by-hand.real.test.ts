import { readFile } from 'node:fs/promises';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { editStack, newStack } from '../support/new-stack.ts';
import { BY_HAND, commandLines, runsWell } from '../support/pages.ts';
import { freePorts } from '../support/ports.ts';
import { CHECKOUT, qbtc, startQbtc } from '../support/qbtc.ts';

interface Part {
  name: string;
  state: string;
  provider: string;
  reason: string;
  pid: number | null;
}

let root = '';
let takeDown = async () => {};
let lines: string[] = [];
beforeAll(async () => {
  [root, takeDown] = await newStack('by-hand');
  lines = commandLines(await readFile(join(CHECKOUT, BY_HAND), 'utf8'));
}, 240_000);
afterAll(() => takeDown());

const part = async (name: string) => {
  const { resources } = JSON.parse((await qbtc(['status', '--json'], root)).stdout) as { resources: Part[] };
  return resources.find((each) => each.name === name);
};

/** Starts what goes on in a terminal, and resolves when it says that it is there. */
async function inTerminal(args: string[], sign: string) {
  const running = startQbtc(args, root);
  while (!(running.stdout() + running.stderr()).includes(sign)) {
    if (running.child.exitCode !== null) throw new Error(running.stdout() + running.stderr());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return running;
}

test('the page: a service runs by hand while the rest runs, is one of the stack, and is never stopped', async () => {
  const [up = '', stop = '', exec = '', ...others] = lines;
  const inspect = others.pop() ?? '';
  expect([exec, inspect]).toEqual(['qbtc exec llm-api', 'qbtc exec --inspect llm-api']);
  await runsWell(up, root);
  const taken = await qbtc(exec.split(' ').slice(1), root);
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('qbtc stop llm-api')]);

  await runsWell(stop, root);
  const byHand = await inTerminal(exec.split(' ').slice(1), 'connected to the broker');
  for (const line of others) await runsWell(line, root);
  const seen = await part('llm-api');
  expect(seen).toMatchObject({ state: 'active', provider: 'external', reason: 'run by hand' });

  for (const args of [
    ['stop', 'llm-api'],
    ['restart', 'llm-api'],
  ]) {
    const refused = await qbtc(args, root);
    expect([refused.code, refused.stderr]).toEqual([64, expect.stringContaining('did not start')]);
  }
  await runsWell('qbtc restart', root);
  await runsWell('qbtc heal', root);
  expect(await part('llm-api')).toMatchObject({ state: 'active', pid: seen?.pid });

  byHand.child.kill('SIGTERM');
  expect((await byHand.ended).code).toBe(0);
  expect(await part('llm-api')).toMatchObject({ state: 'stopped' });
  await runsWell(up, root);
  expect(await part('llm-api')).toMatchObject({ state: 'active', provider: 'process' });
}, 240_000);

test('a debugger attaches to the service itself, and stops at a line of its TypeScript', async () => {
  await runsWell('qbtc stop llm-api', root);
  const [port = 0] = await freePorts(1);
  const byHand = await inTerminal(
    ['exec', '--inspect', '--inspect-port', String(port), 'llm-api'],
    'connected to the broker',
  );
  const debug = await attach(port);
  const bundle = await debug.script(/llm-api-[0-9a-f]{16}\.cjs$/);
  const source = join(root, 'services', 'llm-api', 'src', 'models.ts');
  const line = (await readFile(source, 'utf8'))
    .split('\n')
    .findIndex((text) => text.includes("object: 'list'"));
  const generated = await placeInBundle(bundle, source, line);
  await debug.ask('Debugger.setBreakpointByUrl', { url: bundle.url, ...generated });

  const key = (await qbtc(['secrets', 'get', 'api-key'], root)).stdout.trim();
  const service = JSON.parse((await qbtc(['ports', '--json'], root)).stdout).ports.find(
    ({ name }: { name: string }) => name === 'llm-api',
  );
  const answer = fetch(`http://127.0.0.1:${service.port}/v1/models`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const paused = await debug.event('Debugger.paused');
  expect((paused.hitBreakpoints as string[]).length).toBe(1);
  await debug.ask('Debugger.resume');
  expect((await answer).status).toBe(200);
  debug.close();
  byHand.child.kill('SIGINT');
  await byHand.ended;
}, 240_000);

interface Script {
  url: string;
  sourceMapURL: string;
}

/** A client of the protocol that editors speak with Node's inspector. */
async function attach(port: number) {
  const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const messages: { id?: number; method?: string; params?: Record<string, unknown>; result?: unknown }[] = [];
  const arrived = new EventTarget();
  socket.addEventListener('message', ({ data }) => {
    messages.push(JSON.parse(String(data)));
    arrived.dispatchEvent(new Event('message'));
  });
  const find = async (fits: (message: (typeof messages)[number]) => boolean) => {
    for (;;) {
      const found = messages.find(fits);
      if (found !== undefined) return found;
      await new Promise((resolve) => arrived.addEventListener('message', resolve, { once: true }));
    }
  };
  let last = 0;
  const ask = async (method: string, params: object = {}) => {
    last += 1;
    const id = last;
    socket.send(JSON.stringify({ id, method, params }));
    return (await find((message) => message.id === id)).result;
  };
  await ask('Debugger.enable');
  return {
    ask,
    close: () => socket.close(),
    event: async (method: string) => (await find((message) => message.method === method)).params ?? {},
    script: async (url: RegExp) => {
      const { params } = await find(
        ({ method, params }) => method === 'Debugger.scriptParsed' && url.test(String(params?.url)),
      );
      return params as unknown as Script;
    },
  };
}

/** Where a line of a source stands in the bundle, by the bundle's own map. Lines and columns count from 0. */
async function placeInBundle({ url, sourceMapURL }: Script, source: string, line: number) {
  const file = fileURLToPath(url);
  const [text, map] = await Promise.all([
    readFile(file, 'utf8'),
    readFile(join(dirname(file), sourceMapURL), 'utf8'),
  ]);
  const sourceMap = new SourceMap(JSON.parse(map) as SourceMapPayload);
  for (const [lineNumber, generated] of text.split('\n').entries())
    for (const { index: columnNumber } of generated.matchAll(/object:"list"/g)) {
      const entry = sourceMap.findEntry(lineNumber, columnNumber);
      if (
        'originalLine' in entry &&
        entry.originalLine === line &&
        isFile(entry.originalSource, file, source)
      )
        return { lineNumber, columnNumber };
    }
  throw new Error(`${source}:${line + 1} stands nowhere in ${file}`);
}

/** A map names its sources by URL, or relative to itself. */
function isFile(named: string, map: string, source: string): boolean {
  return (named.startsWith('file:') ? fileURLToPath(named) : resolve(dirname(map), named)) === source;
}

test('a program of any kind is taken for the service when it listens on its port, a child of it too', async () => {
  await runsWell('qbtc up', root);
  await runsWell('qbtc stop trading-hft', root);
  const server = `require('http').createServer((_, r) => r.end('{"service":"trading-hft"}')).listen(process.env.PORT, '127.0.0.1', () => console.log('mine'))`;
  const byHand = await inTerminal(
    ['exec', 'trading-hft', '--', 'sh', '-c', `node -e "${server}"; true`],
    'mine',
  );
  await runsWell('qbtc up --no-apply', root);
  const seen = await part('trading-hft');
  expect(seen).toMatchObject({ state: 'active', reason: 'run by hand' });
  process.kill(seen?.pid ?? 0);
  expect((await byHand.ended).code).toBe(0);
}, 240_000);

test('what holds the port and was not started for the service is in the way, as ever', async () => {
  await runsWell('qbtc up', root);
  await runsWell('qbtc stop trading-hft llm-api', root);
  const port = JSON.parse((await qbtc(['ports', '--json'], root)).stdout).ports.find(
    ({ name }: { name: string }) => name === 'llm-api',
  ).port;
  // Started for trading-hft, but on the port of llm-api.
  const server = `require('http').createServer((_, r) => r.end('{"service":"llm-api"}')).listen(${port}, '127.0.0.1', () => console.log('mine'))`;
  const other = await inTerminal(['exec', 'trading-hft', '--', 'node', '-e', server], 'mine');
  const refused = await qbtc(['up'], root);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`port ${port} (llm-api)`)]);
  other.child.kill('SIGTERM');
  await other.ended;
}, 240_000);

test('options of exec stand before the service', async () => {
  for (const args of [
    ['exec', 'llm-api', '--inspect'],
    ['exec', '--inspect', 'llm-api', '--', 'node'],
  ]) {
    const { code, stderr } = await qbtc(args, root);
    expect([code, stderr]).toEqual([64, expect.stringContaining('qbtc exec --inspect llm-api')]);
  }
  await editStack(root, (file) => {
    file.deleteIn(['services', 'llm-api', 'entry']);
    file.setIn(['services', 'llm-api', 'command'], ['sh', '-c', 'true']);
  });
  const own = await qbtc(['exec', '--inspect', 'llm-api'], root);
  expect([own.code, own.stderr]).toEqual([64, expect.stringContaining('command of its own')]);
});
