import type { LlmRequest } from '@stack/contracts/llm';
import { stringify } from 'safe-stable-stringify';
import { refusal } from './engine.ts';

/** Fields that change how an answer travels or who asks, but not the answer. */
export const NOT_PART_OF_THE_QUESTION: ReadonlySet<string> = new Set([
  'stream',
  'stream_options',
  'user',
  'metadata',
  'store',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
]);

type Asking = (value: unknown, request: LlmRequest) => boolean;

const isOneOf =
  (...values: unknown[]): Asking =>
  (value) =>
    values.includes(value);
const isEmpty: Asking = (value) =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
const hasNoTools = ({ tools, functions }: LlmRequest & { functions?: unknown }) =>
  [tools, functions].every((list) => !Array.isArray(list) || list.length === 0);
/** The choice among tools that there are not, or that are not to be called. */
const callsNothing: Asking = (value, request) =>
  value === 'none' || (value === 'auto' && hasNoTools(request));
const callsNoTool: Asking = (_value, request) =>
  hasNoTools(request) ||
  request.tool_choice === 'none' ||
  (request as { function_call?: unknown }).function_call === 'none';

/**
 * Values with which a field asks for nothing: the defaults of OpenAI's schema
 * (https://platform.openai.com/docs/api-reference/chat/create), and what has no effect beside the other fields.
 */
const ASKS_FOR_NOTHING: Record<string, Asking> = {
  frequency_penalty: isOneOf(0),
  function_call: callsNothing,
  functions: callsNoTool,
  logit_bias: isEmpty,
  modalities: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
  n: isOneOf(1),
  parallel_tool_calls: (value, request) => value === true || callsNoTool(value, request),
  presence_penalty: isOneOf(0),
  // An engine that does not reason need not be told to reason no more than usual.
  reasoning_effort: isOneOf('none', 'medium'),
  response_format: (value) => (value as { type?: unknown } | null)?.type === 'text',
  service_tier: isOneOf('auto', 'default'),
  tool_choice: callsNothing,
  tools: callsNoTool,
  top_logprobs: isOneOf(0),
  verbosity: isOneOf('medium'),
};

/** Whether the request would be the same without the field. */
export function asksForNothing(field: string, request: LlmRequest): boolean {
  const value = (request as Record<string, unknown>)[field];
  if (value === null || value === undefined || (Array.isArray(value) && value.length === 0)) return true;
  const known = ASKS_FOR_NOTHING[field];
  return known === undefined ? value === false : known(value, request);
}

/**
 * Refuses a request with fields that the engine does not take, as far as they ask for something.
 *
 * @param taken fields of the question; those that say who asks and how the answer travels are never refused
 * @param by who refuses, as the message names it: `with the model 'qbtc-offline'`
 * @throws {EngineError}
 */
export function refuseOtherFields(request: LlmRequest, taken: ReadonlySet<string>, by: string): void {
  for (const field of Object.keys(request)) {
    if (taken.has(field) || NOT_PART_OF_THE_QUESTION.has(field) || asksForNothing(field, request)) continue;
    throw refusal(
      `Unsupported parameter: '${field}' is not supported ${by}.`,
      field,
      'unsupported_parameter',
    );
  }
}

/** Of tools that a request does not have, endpoints refuse even the defaults. */
const ABOUT_TOOLS = ['tools', 'tool_choice', 'parallel_tool_calls', 'functions', 'function_call'];

/**
 * The request without what is null or empty, at its top and in its messages: OpenAI's own clients leave that out, and
 * endpoints refuse it (`tools: []` is too short, `name: null` is no text).
 */
export function withoutNothing(request: LlmRequest): LlmRequest {
  const { messages, ...fields } = request;
  const present = Object.entries(fields).filter(
    ([field, value]) =>
      value !== null &&
      !(Array.isArray(value) && value.length === 0) &&
      !(ABOUT_TOOLS.includes(field) && hasNoTools(request) && asksForNothing(field, request)),
  );
  return {
    ...(Object.fromEntries(present) as typeof fields),
    messages: messages.map((message) => {
      const said = Object.entries(message).filter(
        ([field, value]) =>
          field === 'content' || (value !== null && !(Array.isArray(value) && value.length === 0)),
      );
      return Object.fromEntries(said) as typeof message;
    }),
  };
}

/** What an answer depends on, as one text that is the same for the same question. */
export function questionIn(request: LlmRequest): string {
  const question = Object.fromEntries(
    Object.entries(withoutNothing(request)).filter(([field]) => !NOT_PART_OF_THE_QUESTION.has(field)),
  );
  return stringify(question) ?? '';
}
