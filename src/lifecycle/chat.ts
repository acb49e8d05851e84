import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { ChatAnswer } from '../model/lifecycle.ts';
import type { Stack } from '../model/stack.ts';
import { resourceOfKind } from '../resources/facts.ts';

const TIMEOUT_MS = 60_000;

/**
 * Asks the stack's OpenAI-compatible API one question through its gateway, as any client would.
 *
 * @throws QbtcError `CHAT_FAILED` with the status and body of whatever answered
 */
export async function askStack(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  stack: Stack,
  messages: { role: 'system' | 'user'; content: string }[],
): Promise<ChatAnswer> {
  const gateway = resourceOfKind(stack, 'apisix');
  const key = stack.secrets['api-key'];
  if (gateway === undefined || key === undefined) {
    throw new QbtcError('CHAT_FAILED', `${stack.name} has no gateway or no secret named api-key to ask with`);
  }
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const request = (path: string, body?: string) =>
    context.http(`${gateway.endpoint.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body === undefined ? {} : { body }),
      timeoutMs: TIMEOUT_MS,
      signal: context.interrupted,
    });
  const models = await request('/v1/models');
  const model = readModel(models.body);
  const before = context.clock.monotonic();
  const response = await request('/v1/chat/completions', JSON.stringify({ model, messages }));
  const durationMs = context.clock.monotonic() - before;
  const answer = response.status === 200 ? readAnswer(response.body) : undefined;
  if (answer === undefined) {
    throw new QbtcError('CHAT_FAILED', `the chat request was answered with ${response.status}`, {
      details: [response.body.slice(0, 500)],
      hint: 'qbtc test',
    });
  }
  return {
    question: messages.at(-1)?.content ?? '',
    ...answer,
    correlationId: response.headers['x-correlation-id'],
    durationMs,
  };
}

function readModel(body: string): string {
  try {
    const { data } = JSON.parse(body) as { data?: { id?: string }[] };
    const id = data?.[0]?.id;
    if (typeof id === 'string') return id;
  } catch {
    // told below, with what came instead
  }
  throw new QbtcError('CHAT_FAILED', 'the stack names no model', {
    details: [body.slice(0, 500)],
    hint: 'qbtc logs quantum-core',
  });
}

function readAnswer(body: string): { answer: string; model: string } | undefined {
  try {
    const completion = JSON.parse(body) as { model?: string; choices?: { message?: { content?: string } }[] };
    const answer = completion.choices?.[0]?.message?.content;
    return typeof answer === 'string' ? { answer, model: completion.model ?? 'unknown' } : undefined;
  } catch {
    return undefined;
  }
}
