import type { AnswerPart } from '@stack/runtime/bus';
import { compileEventTypes } from '@stack/runtime/events';
import llmCancellationSchema from '../../../event-schemas/llm_cancellation.json' with { type: 'json' };
import llmModelsRequestSchema from '../../../event-schemas/llm_models_request.json' with { type: 'json' };
import llmModelsResponseSchema from '../../../event-schemas/llm_models_response.json' with { type: 'json' };
import llmRequestSchema from '../../../event-schemas/llm_request.json' with { type: 'json' };
import llmResponseSchema from '../../../event-schemas/llm_response.json' with { type: 'json' };
import type { LlmCancellation, LlmRequest, LlmRequestMessage, LlmRequestPart } from './events.ts';

export type { LlmCancellation, LlmRequest };
export type ChatMessage = LlmRequestMessage;
export type ContentPart = LlmRequestPart;

/** Which completion a part of an answer belongs to. */
export interface Completion {
  id: string;
  /** Seconds since the epoch. */
  created: number;
  model: string;
  engine: string;
  cached: boolean;
}

/** A whole choice, in an answer that is not streamed. */
export interface Choice {
  index: number;
  message: { role: 'assistant'; content: string | null; [field: string]: unknown };
  finish_reason: string;
  [field: string]: unknown;
}

/** An addition to a choice, in an answer that is streamed. */
export interface ChoiceDelta {
  index: number;
  delta: { role?: string; content?: string | null; [field: string]: unknown };
  finish_reason?: string | null;
  [field: string]: unknown;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  [detail: string]: unknown;
}

/** Why there is no answer: an HTTP status, and OpenAI's error object. */
export interface LlmError {
  status: number;
  message: string;
  type: string;
  param: string | null;
  code: string | null;
}

/** A part of an answer: `event-schemas/llm_response.json`. */
export type LlmResponse =
  | (AnswerPart & { kind: 'chunk'; completion: Completion; choices: ChoiceDelta[] })
  | (AnswerPart & { kind: 'complete'; completion: Completion; choices?: Choice[]; usage: Usage })
  | (AnswerPart & { kind: 'error'; error: LlmError });

export type LlmModelsRequest = Record<string, never>;

export interface Model {
  id: string;
  /** Seconds since the epoch; 0 when unknown. */
  created: number;
  owned_by: string;
}

/** `event-schemas/llm_models_response.json` */
export type LlmModelsResponse =
  | (AnswerPart & { kind: 'complete'; models: Model[] })
  | (AnswerPart & { kind: 'error'; error: LlmError });

const eventType = compileEventTypes({
  llm_request: llmRequestSchema,
  llm_response: llmResponseSchema,
  llm_cancellation: llmCancellationSchema,
  llm_models_request: llmModelsRequestSchema,
  llm_models_response: llmModelsResponseSchema,
});

export const llmRequest = eventType<LlmRequest>('llm_request');
export const llmResponse = eventType<LlmResponse>('llm_response');
export const llmCancellation = eventType<LlmCancellation>('llm_cancellation');
export const llmModelsRequest = eventType<LlmModelsRequest>('llm_models_request');
export const llmModelsResponse = eventType<LlmModelsResponse>('llm_models_response');

/** Where the events go. */
export const LLM_REQUESTS = { exchange: 'qbtc.topic', routingKey: 'llm.request', queue: 'q_llm_requests' };
export const LLM_MODELS_REQUESTS = { exchange: 'qbtc.topic', routingKey: 'llm.models.request' };
export const LLM_CANCELLATIONS = { exchange: 'qbtc.topic', routingKey: 'llm.cancel' };
