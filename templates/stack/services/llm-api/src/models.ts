import { DESTINATIONS } from '@stack/contracts/events';
import { llmModelsRequest, llmModelsResponse, type Model } from '@stack/contracts/llm';
import type { Bus } from '@stack/runtime/bus';
import { traceparentOf } from '@stack/runtime/tracing';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { OpenAiError } from './openai-errors.ts';

/** Asks the core which models there are and remembers the answer for a while; who asks meanwhile shares one question. */
function createCatalogue(options: { bus: Bus; service: string; deadlineMs: number; ttlMs: number }) {
  const { bus, service, deadlineMs, ttlMs } = options;
  let known: { models: Promise<Model[]>; until: number } | undefined;

  const ask = async ({ correlationId, span }: FastifyRequest): Promise<Model[]> => {
    const event = llmModelsRequest.create(
      {},
      {
        source: service,
        correlationid: correlationId,
        expirytime: new Date(Date.now() + deadlineMs).toISOString(),
        traceparent: traceparentOf(span),
      },
    );
    const parts = bus.request({
      type: llmModelsRequest,
      event,
      to: DESTINATIONS.llm_models_request,
      answerType: llmModelsResponse,
      deadlineMs,
    });
    for await (const { data } of parts) {
      if (data.kind === 'error') throw new OpenAiError(data.error);
      return data.models;
    }
    throw new Error('an answer ended without a part');
  };

  return {
    list(request: FastifyRequest): Promise<Model[]> {
      if (known !== undefined && performance.now() < known.until) return known.models;
      const question = { models: ask(request), until: performance.now() + ttlMs };
      question.models.catch(() => {
        if (known === question) known = undefined;
      });
      known = question;
      return question.models;
    },
  };
}

/** `GET /v1/models` and `GET /v1/models/:id`. The list is the core's: this service knows no model by itself. */
export function registerModels(
  http: FastifyInstance,
  options: { bus: Bus; service: string; deadlineMs: number; ttlMs: number },
): void {
  const catalogue = createCatalogue(options);

  http.get('/v1/models', async (request) => ({
    object: 'list',
    data: (await catalogue.list(request)).map(modelBody),
  }));

  // A wildcard, because the names of models may hold slashes.
  http.get<{ Params: { '*': string } }>('/v1/models/*', async (request) => {
    const id = request.params['*'];
    const model = (await catalogue.list(request)).find((candidate) => candidate.id === id);
    if (model !== undefined) return modelBody(model);
    throw new OpenAiError({
      status: 404,
      message: `The model '${id}' does not exist`,
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_found',
    });
  });
}

function modelBody({ id, created, owned_by }: Model): Record<string, unknown> {
  return { id, object: 'model', created, owned_by };
}
