import type { LlmResponse } from '@stack/contracts/llm';

/** Of a streamed answer: nothing between here and the client is to keep it back. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
};

/** Who answered, and from where. */
export function headersOf(part: LlmResponse): Record<string, string> {
  if (part.kind === 'error') return {};
  const { engine, cached } = part.completion;
  return { 'x-qbtc-engine': engine, 'x-qbtc-cache': cached ? 'hit' : 'miss' };
}
