import { type LlmRequest, type LlmResponse, llmResponse } from '@stack/contracts/llm';
import { type Script, startScripted } from '@stack/testing/scripted';
import { createCollector } from '../../../../src/answering/collect.ts';
import type { EngineOutput } from '../../../../src/answering/engine.ts';
import { createOpenAiCompatibleEngine } from '../../../../src/answering/engines/openai-compatible.ts';

/** The engine before an endpoint that answers with what a test writes down. */

export async function answer(script: Script, request: Partial<LlmRequest> = {}, timeoutMs = 20_000) {
  const endpoint = await startScripted();
  endpoint.script = script;
  const engine = createOpenAiCompatibleEngine({
    name: 'upstream',
    url: `${endpoint.url}/v1`,
    apiKey: undefined,
    model: 'm',
    timeoutMs,
  });
  const collector = createCollector();
  const asked: LlmRequest = { model: 'm', messages: [{ role: 'user', content: 'x' }], ...request };
  try {
    for await (const output of engine.answer(asked, new AbortController().signal)) {
      expectPublishable(output);
      collector.add(output);
    }
  } finally {
    await endpoint.stop();
  }
  return { choices: collector.choices(), usage: collector.usage };
}

/** @throws {EventInvalid} for a piece that cannot be sent over the bus as it is */
function expectPublishable({ choices }: EngineOutput): void {
  const completion = { id: 'c', created: 1, model: 'm', engine: 'upstream', cached: false };
  const part: LlmResponse = { kind: 'chunk', index: 0, answer: 'a', completion, choices };
  llmResponse.encode(llmResponse.create(part, { source: 'test', correlationid: 'c' }));
}

export const sse = (...events: unknown[]): Script => ({
  pieces: events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`),
});
export const json = (body: unknown, status = 200): Script => ({
  status,
  type: 'application/json',
  pieces: [JSON.stringify(body)],
});
export const chunk = (delta: unknown, finish_reason: unknown = null, others: object = {}) => ({
  choices: [{ index: 0, delta, finish_reason, ...others }],
});
export const call = (fields: object) => chunk({ tool_calls: [fields] });
export const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
export const filterResults = { hate: { filtered: false, severity: 'safe' } };
