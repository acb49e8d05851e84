import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createCollector } from '../../../src/answering/collect.ts';
import { createOpenAiCompatibleEngine } from '../../../src/answering/engines/openai-compatible.ts';

/** An endpoint that answers as the test says and remembers what it was sent. */
const servers: Server[] = [];
async function endpoint(respond: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const seen: {
    method?: string | undefined;
    url?: string | undefined;
    authorization?: string | undefined;
    body: string;
  }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({
      method: request.method,
      url: request.url,
      authorization: request.headers.authorization,
      body,
    });
    respond(request, response, body);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://127.0.0.1:${port}/v1/`, seen };
}

function engineAt(url: string, options: { model?: string; timeoutMs?: number } = {}) {
  return createOpenAiCompatibleEngine({
    name: 'upstream',
    url,
    apiKey: 'key',
    model: options.model,
    timeoutMs: options.timeoutMs ?? 20_000,
  });
}

async function answer(url: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const collector = createCollector();
  const request = {
    model: 'm',
    messages: [{ role: 'user' as const, content: 'x' }],
    temperature: 0.5,
    tools: [{ a: 1 }],
  };
  const signal = options.signal ?? new AbortController().signal;
  for await (const output of engineAt(url, options).answer(request, signal)) collector.add(output);
  return { choices: collector.choices(), usage: collector.usage };
}

const stream = (response: ServerResponse, events: unknown[], end = true) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events)
    response.write(`data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`);
  if (end) response.end();
};
const delta = (content: string, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: { content }, finish_reason }],
});

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('the OpenAI-compatible engine', () => {
  it('passes a request on as it is, streamed, and reads the answer', async () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const { url, seen } = await endpoint((_, response) =>
      stream(response, [delta('Hel'), delta('lo', 'stop'), { choices: [], usage }, '[DONE]']),
    );
    expect(await answer(url)).toEqual({
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
      usage,
    });
    expect(seen).toMatchObject([
      { method: 'POST', url: '/v1/chat/completions', authorization: 'Bearer key' },
    ]);
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
      temperature: 0.5,
      tools: [{ a: 1 }],
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('lists the models of the endpoint, or the one that is named', async () => {
    const { url } = await endpoint((_, response) =>
      response.end(JSON.stringify({ data: [{ id: 'a', created: 5, owned_by: 'x' }, { id: 'b' }, {}] })),
    );
    const engine = engineAt(url);
    const models = [
      { id: 'a', created: 5, owned_by: 'x' },
      { id: 'b', created: 0, owned_by: 'upstream' },
    ];
    expect(await engine.models()).toEqual(models);
    expect(await engineAt(url, { model: 'only' }).models()).toMatchObject([{ id: 'only' }]);
  });

  it('lists the models of an endpoint that gives a bare list, and says what is wrong with 200', async () => {
    const bodies: unknown[] = [[{ id: 'a', object: 'model' }], { error: 'no key' }];
    const { url } = await endpoint((_, response) => response.end(JSON.stringify(bodies.shift())));
    expect(await engineAt(url).models()).toMatchObject([{ id: 'a' }]);
    await expect(engineAt(url).models()).rejects.toMatchObject({ message: 'no key' });
  });

  it.each([
    [
      'an error of the client',
      400,
      { error: { message: 'bad', type: 'invalid_request_error', param: 'n', code: 'c' } },
      { status: 400, message: 'bad', param: 'n', code: 'c' },
    ],
    [
      'a limit',
      429,
      { error: { message: 'slow down', type: 'requests' } },
      { status: 429, message: 'slow down' },
    ],
    [
      'a key that is refused',
      401,
      { error: { message: 'your key sk-1 is bad' } },
      { status: 502, code: 'engine_refused_key' },
    ],
    ['an error of its own', 500, 'oops', { status: 502, type: 'server_error' }],
  ])('passes on %s', async (_name, status, body, error) => {
    const { url } = await endpoint((_, response) => {
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    await expect(answer(url)).rejects.toMatchObject({ error });
  });

  it.each([
    ['no server-sent events', (response: ServerResponse) => response.end('{}'), 'bad_engine_answer'],
    ['no JSON', (response: ServerResponse) => stream(response, ['{"choices"']), 'bad_engine_answer'],
    [
      'chunks of another form',
      (response: ServerResponse) => stream(response, [{ choices: [{ text: 'x' }] }]),
      'bad_engine_answer',
    ],
    ['nothing', (response: ServerResponse) => stream(response, ['[DONE]']), 'engine_broke_off'],
    [
      'an end in the middle',
      (response: ServerResponse) => stream(response, [delta('Hel')]),
      'engine_broke_off',
    ],
    [
      'a cut connection',
      (response: ServerResponse) => {
        stream(response, [delta('Hel')], false);
        setTimeout(() => response.destroy(), 20);
      },
      'engine_unreachable',
    ],
  ])('reports %s as an error of the engine', async (_name, respond, code) => {
    const { url } = await endpoint((_, response) => void respond(response));
    await expect(answer(url)).rejects.toMatchObject({ error: { status: 502, code } });
  });

  it('does not wait for an endpoint that falls silent, nor for one that is not there', async () => {
    const { url } = await endpoint((_, response) => stream(response, [delta('Hel')], false));
    await expect(answer(url, { timeoutMs: 50 })).rejects.toMatchObject({
      error: { status: 504, code: 'engine_timeout' },
    });
    await expect(answer('http://127.0.0.1:1/v1')).rejects.toMatchObject({
      error: { status: 502, code: 'engine_unreachable' },
    });
  });

  it('is done when nothing but comments follows the last choice', async () => {
    let timer: NodeJS.Timeout | undefined;
    const { url } = await endpoint((_, response) => {
      stream(response, [delta('Hello', 'stop')], false);
      timer = setInterval(() => response.write(': ping\n\n'), 10);
    });
    const { choices } = await answer(url, { timeoutMs: 200 });
    clearInterval(timer);
    expect(choices).toMatchObject([{ message: { content: 'Hello' }, finish_reason: 'stop' }]);
  });

  it.each([
    ['gzip'],
    ['deflate'],
    ['br'],
  ])('does not hold against the endpoint what is no %s', async (coding) => {
    const { url } = await endpoint((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': coding });
      response.end('this is no compressed text, whatever the header says');
    });
    await expect(answer(url)).rejects.toMatchObject({
      error: { status: 502, code: 'bad_engine_answer' },
      fault: 'answer',
    });
  });

  it('hangs up when it is told to stop', async () => {
    const stop = new AbortController();
    let hungUp: () => void = () => {};
    const closed = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    const { url } = await endpoint((_, response) => {
      response.once('close', hungUp);
      stream(response, [delta('Hel')], false);
      // The request is here: only now there is something to hang up.
      setImmediate(() => stop.abort(new Error('enough')));
    });
    await expect(answer(url, { signal: stop.signal, timeoutMs: 60_000 })).rejects.toThrow('enough');
    await closed;
  });
});
