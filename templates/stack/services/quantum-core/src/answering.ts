import { randomUUID } from 'node:crypto';
import type {
  Choice,
  ChoiceDelta,
  Completion,
  LlmError,
  LlmRequest,
  LlmResponse,
  Usage,
} from '@stack/contracts/llm';
import { type Delivery, Unroutable } from '@stack/runtime/bus';
import { type Cache, cacheKey } from './cache.ts';
import { createCollector } from './collect.ts';
import { type Engine, EngineError, failure } from './engine.ts';
import type { Interactions, Outcome } from './interactions.ts';
import { countPromptTokens, countTokens } from './tokens.ts';

export interface AnsweringOptions {
  /** Publishes a part to whoever waits for the answer; rejects as the bus does. */
  publish(delivery: Delivery<LlmRequest>, part: LlmResponse): Promise<void>;
  engine: Engine;
  interactions: Interactions;
  cache: Cache;
  onAnswered?(outcome: Outcome): void;
}

/** Node's timers hold no more milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

type Unnumbered<Part> = Part extends unknown ? Omit<Part, 'index' | 'answer'> : never;

/** How far a request has come, kept over the tries of one delivery so that no step is done twice. */
interface Work {
  /** Names this try to answer. */
  answer: string;
  /** Of the next part to be published. */
  index: number;
  outcome?: Outcome | undefined;
  stored: boolean;
  /** The chunks of a streamed answer are out. */
  said: boolean;
}

/**
 * Answers requests: from the row of an event that was here before, from the cache, or through the engine. The row is
 * written before the last part is published, so an answer that a client has seen whole is always recorded.
 */
export function createAnswering(options: AnsweringOptions) {
  const { engine, interactions, cache } = options;
  const works = new WeakMap<Delivery<LlmRequest>, Work>();

  const handle = async (delivery: Delivery<LlmRequest>): Promise<void> => {
    const started = performance.now();
    const { event } = delivery;
    const streamed = event.data.stream === true;
    const work = works.get(delivery) ?? newWork();
    works.set(delivery, work);
    if (work.outcome === undefined && delivery.again) {
      work.outcome = await interactions.find(event.id);
      work.stored = work.outcome !== undefined;
    }
    work.outcome ??= await produce(delivery, work);
    if (!work.stored) {
      const added = await interactions.add({
        eventId: event.id,
        correlationId: event.correlationid,
        engine: engine.name,
        request: event.data,
        outcome: work.outcome,
        latencyMs: Math.round(performance.now() - started),
      });
      // Another core was faster with the same event; its answer counts, if nothing of ours is out yet.
      if (!added && !work.said) work.outcome = (await interactions.find(event.id)) ?? work.outcome;
      work.stored = true;
      options.onAnswered?.(work.outcome);
    }
    if (streamed && !work.said && work.outcome.status === 'completed') {
      restart(work);
      const { completion, choices } = work.outcome;
      await send(delivery, work, { kind: 'chunk', completion, choices: choices.map(asDelta) });
      work.said = true;
    }
    await finish(delivery, work, work.outcome, streamed);
    delivery.log.info('answered an event', {
      event: event.id,
      model: event.data.model,
      ms: Math.round((performance.now() - started) * 100) / 100,
      ...(work.outcome.status === 'failed'
        ? { status: work.outcome.error.status, code: work.outcome.error.code }
        : { status: 200, cached: work.outcome.completion.cached, usage: work.outcome.usage }),
    });
  };

  /** The outcome; what the engine streams is published on the way. */
  const produce = async (delivery: Delivery<LlmRequest>, work: Work): Promise<Outcome> => {
    const request = delivery.event.data;
    // A try that broke off in the middle cannot be continued: the engine may say something else this time.
    restart(work);
    try {
      await requireModel(engine, request.model);
      const key = cacheKey(engine.name, request);
      const known = await cache.get(key);
      const completion = newCompletion(engine, request, known !== undefined);
      if (known !== undefined) return { status: 'completed', completion, ...known };
      const answer = await generate(delivery, work, completion);
      work.said = request.stream === true;
      void cache.set(key, answer);
      return { status: 'completed', completion, ...answer };
    } catch (error) {
      if (error instanceof EngineError) return { status: 'failed', error: error.error };
      throw error;
    }
  };

  const generate = async (delivery: Delivery<LlmRequest>, work: Work, completion: Completion) => {
    const request = delivery.event.data;
    const streamed = request.stream === true;
    const stop = new AbortController();
    const { expiresAt } = delivery;
    // Nobody waits for the whole of an answer after its event has expired; a stream is awaited from part to part.
    const expiry =
      streamed || expiresAt === undefined
        ? undefined
        : setTimeout(() => stop.abort(expired()), Math.min(expiresAt - Date.now(), LONGEST_TIMER));
    const collector = createCollector();
    const confirmations: Promise<void>[] = [];
    try {
      for await (const output of engine.answer(request, stop.signal)) {
        collector.add(output);
        if (!streamed || output.choices.length === 0) continue;
        const sent = send(delivery, work, { kind: 'chunk', completion, choices: output.choices });
        // The engine need not go on when what it says cannot be delivered.
        sent.catch((error: unknown) => stop.abort(error));
        confirmations.push(sent);
      }
      stop.signal.throwIfAborted();
      await Promise.all(confirmations);
    } catch (error) {
      await Promise.allSettled(confirmations);
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      clearTimeout(expiry);
    }
    const choices = collector.choices();
    return { choices, usage: collector.usage ?? countUsage(request, choices) };
  };

  const send = (delivery: Delivery<LlmRequest>, work: Work, part: Unnumbered<LlmResponse>): Promise<void> => {
    const numbered = { ...part, index: work.index, answer: work.answer } as LlmResponse;
    work.index += 1;
    return options.publish(delivery, numbered);
  };

  const finish = async (delivery: Delivery<LlmRequest>, work: Work, outcome: Outcome, streamed: boolean) => {
    const place = work.index;
    try {
      if (outcome.status === 'failed') await send(delivery, work, { kind: 'error', error: outcome.error });
      else {
        const { completion, choices, usage } = outcome;
        await send(delivery, work, { kind: 'complete', completion, ...(streamed ? {} : { choices }), usage });
      }
    } catch (error) {
      // The next try sends the same part: if this one arrived after all, it is dropped as a duplicate.
      work.index = place;
      throw error;
    }
  };

  /** Tells who waits that there will be no answer. */
  const gaveUp = async (
    delivery: Delivery<LlmRequest>,
    error: Error,
  ): Promise<'dead-letter' | 'acknowledge'> => {
    const work = works.get(delivery) ?? newWork();
    if (error instanceof Unroutable && work.stored) {
      delivery.log.warn('nobody waits for the answer any more; it is recorded', { event: delivery.event.id });
      return 'acknowledge';
    }
    const unavailable: LlmError = {
      status: 503,
      message: 'The core cannot answer at the moment.',
      type: 'server_error',
      param: null,
      code: 'service_unavailable',
    };
    await send(delivery, work, { kind: 'error', error: unavailable });
    return 'dead-letter';
  };

  return { handle, gaveUp };
}

function expired(): EngineError {
  return failure(504, 'The request expired before the engine had answered.', 'timeout');
}

function newWork(): Work {
  return { answer: randomUUID(), index: 0, stored: false, said: false };
}

function restart(work: Work): void {
  work.answer = randomUUID();
  work.index = 0;
}

async function requireModel(engine: Engine, model: string): Promise<void> {
  const models = await engine.models();
  if (models.some(({ id }) => id === model)) return;
  throw new EngineError({
    status: 404,
    message: `The model \`${model}\` does not exist or you do not have access to it.`,
    type: 'invalid_request_error',
    param: 'model',
    code: 'model_not_found',
  });
}

function newCompletion(engine: Engine, request: LlmRequest, cached: boolean): Completion {
  return {
    id: `chatcmpl-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: request.model,
    engine: engine.name,
    cached,
  };
}

function asDelta({ message, ...choice }: Choice): ChoiceDelta {
  return { ...choice, delta: message };
}

/** For engines that do not count. */
function countUsage(request: LlmRequest, choices: readonly Choice[]): Usage {
  const prompt_tokens = countPromptTokens(request.messages);
  const completion_tokens = choices.reduce((sum, { message }) => sum + countTokens(message.content ?? ''), 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
