import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './guard/figure.ts';
import { besidePeer } from './support/in-turn.ts';
import { asker } from './support/requests.ts';
import { benchStack, partsOf } from './support/stack.ts';

const PORTKEY = '@portkey-ai/gateway@1.15.2';
const PORTKEY_PORT = 19_820;
const UPSTREAM_PORT = 19_821;
const MODEL = 'bench';
const ALONE = 200;
const TOGETHER = 2_000;
const WARM_UP = 500;
const IN_FLIGHT = 32;
const ROUNDS = 3;

const [, file = '', role] = process.argv;

export const benchmark: Benchmark = {
  about: `One chat request to the same upstream, which answers at once: through the stack (key, limit, schema, broker, cache, row) and through Portkey's gateway (${PORTKEY}, from npm), which forwards and keeps nothing. ${TOGETHER} requests at ${IN_FLIGHT} in flight and ${ALONE} one after the other, in turn.`,
  async playsRole() {
    if (role !== 'upstream') return false;
    await answerAtOnce();
    return true;
  },
  async measure({ rounds = ROUNDS }) {
    const folder = mkdtempSync(join(tmpdir(), 'qbtc-bench-portkey-'));
    const ends: (() => void)[] = [() => rmSync(folder, { recursive: true, force: true })];
    try {
      const notes = [
        'LiteLLM, a program of Python, is not measured here. Its page on benchmarks tells 1,170 requests/s at a median of 100 ms for four instances of 4 processors each, against an upstream that answers at once.',
      ];
      if (!install(folder)) return { figures: [], notes: [`${PORTKEY} could not be installed`, ...notes] };
      const upstream = await startUpstream(ends);
      const portkey = await startPortkey(folder, ends);
      const stack = await benchStack({ env: { ENGINE_URL: upstream, ENGINE_OFFLINE: 'never' } });
      ends.push(() => stack.remove());
      stack.qbtc('up');
      const { resources, secrets } = await stack.open();
      const gateway = resources.find(({ kind }) => kind === 'apisix')?.endpoint.url ?? '';
      const asked = { connections: IN_FLIGHT, question };
      const ours = asker(`${gateway}/v1/chat/completions`, {
        ...asked,
        headers: { authorization: `Bearer ${secrets['test-api-key']}` },
      });
      const theirs = asker(`http://127.0.0.1:${PORTKEY_PORT}/v1/chat/completions`, {
        ...asked,
        headers: {
          authorization: 'Bearer none',
          'x-portkey-provider': 'openai',
          'x-portkey-custom-host': upstream,
        },
      });
      const pids = partsOf(stack).map(({ pid }) => pid);
      const figures = await besidePeer(
        { ask: ours, pids },
        { ask: theirs, pids: [portkey], name: 'Portkey', aims: { rate: 1 } },
        { rounds, warmUp: WARM_UP, alone: ALONE, together: TOGETHER, inFlight: IN_FLIGHT },
      );
      return { figures, notes };
    } finally {
      for (const end of ends.reverse()) end();
    }
  },
};

const question = (index: number) =>
  JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: `Request ${index}.` }] });

/** Without its scripts: it needs none to run. */
function install(folder: string): boolean {
  try {
    const words = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', PORTKEY];
    execFileSync('npm', words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Gives its process id once it answers. */
async function startPortkey(folder: string, ends: (() => void)[]): Promise<number> {
  const program = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  const child = spawn(process.execPath, [program, `--port=${PORTKEY_PORT}`, '--headless'], {
    stdio: 'ignore',
  });
  ends.push(() => void child.kill('SIGKILL'));
  for (let tries = 0; ; tries += 1) {
    const answered = await fetch(`http://127.0.0.1:${PORTKEY_PORT}/`).then(
      () => true,
      () => false,
    );
    if (answered) return child.pid as number;
    if (tries > 200) throw new Error(`${PORTKEY} does not answer`);
    await sleep(50);
  }
}

async function startUpstream(ends: (() => void)[]): Promise<string> {
  const child = spawn(process.execPath, [file, 'upstream'], { stdio: ['ignore', 'pipe', 'inherit'] });
  ends.push(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return `http://127.0.0.1:${UPSTREAM_PORT}/v1`;
}

/** An endpoint of OpenAI's form, streamed where it is asked for that. */
async function answerAtOnce(): Promise<void> {
  const about = { id: 'chatcmpl-1', created: 1, model: MODEL };
  const usage = { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 };
  const whole = JSON.stringify({
    ...about,
    ...{ object: 'chat.completion', usage },
    choices: [{ index: 0, message: { role: 'assistant', content: 'Well asked.' }, finish_reason: 'stop' }],
  });
  const chunk = (choices: unknown[], more = {}) =>
    `data: ${JSON.stringify({ ...about, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
  const streamed = `${chunk([{ index: 0, delta: { role: 'assistant', content: 'Well asked.' } }])}${chunk([{ index: 0, delta: {}, finish_reason: 'stop' }])}${chunk([], { usage })}data: [DONE]\n\n`;
  const models = JSON.stringify({
    object: 'list',
    data: [{ id: MODEL, object: 'model', created: 1, owned_by: 'bench' }],
  });
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    incoming.on('end', () => {
      if (incoming.method === 'GET')
        return void outgoing.writeHead(200, { 'content-type': 'application/json' }).end(models);
      const isStreamed = body.includes('"stream":true');
      const type = isStreamed ? 'text/event-stream' : 'application/json';
      outgoing.writeHead(200, { 'content-type': type }).end(isStreamed ? streamed : whole);
    });
  });
  await new Promise<void>((resolve) => server.listen(UPSTREAM_PORT, '127.0.0.1', resolve));
  process.stdout.write('ready\n');
}
