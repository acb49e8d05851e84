import type { AnswerPart } from '@stack/runtime/bus';
import { compileEventTypes } from '@stack/runtime/events';
import llmCancellationSchema from '../../../event-schemas/llm_cancellation.json' with { type: 'json' };
import llmModelsRequestSchema from '../../../event-schemas/llm_models_request.json' with { type: 'json' };
import llmModelsResponseSchema from '../../../event-schemas/llm_models_response.json' with { type: 'json' };
import llmRequestSchema from '../../../event-schemas/llm_request.json' with { type: 'json' };
import llmResponseSchema from '../../../event-schemas/llm_response.json' with { type: 'json' };
import type {
  LlmCancellation,
  LlmModelsRequest,
  LlmRequest,
  LlmRequestMessage,
  LlmRequestPart,
  LlmResponseChoice,
  LlmResponseCompletion,
  LlmResponseDelta,
  LlmResponseError,
  LlmResponseUsage,
  LlmModelsResponse as ModelsResponse,
} from './events.ts';

export type { LlmCancellation, LlmModelsRequest, LlmRequest };
export type ChatMessage = LlmRequestMessage;
export type ContentPart = LlmRequestPart;
export type Completion = LlmResponseCompletion;
export type Choice = LlmResponseChoice;
export type Usage = LlmResponseUsage;
export type LlmError = LlmResponseError;

/** An addition to a choice, in an answer that is streamed. */
export type ChoiceDelta = LlmResponseDelta & { delta: { role?: string; content?: string | null } };

/** A part of an answer: `event-schemas/llm_response.json`. */
export type LlmResponse =
  | (AnswerPart & { kind: 'chunk'; completion: Completion; choices: ChoiceDelta[] })
  | (AnswerPart & { kind: 'complete'; completion: Completion; choices?: Choice[]; usage: Usage })
  | (AnswerPart & { kind: 'error'; error: LlmError });

export type Model = NonNullable<ModelsResponse['models']>[number];

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
