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
import { type Cache, cacheKey, questionIn } from './cache.ts';
import type { Cancellations } from './cancellations.ts';
import { createCollector } from './collect.ts';
import {
  type ConversationId,
  type ConversationState,
  type Conversations,
  type Memory,
  stateOfConversation,
  turnsOf,
  withMemory,
} from './conversations.ts';
import { EngineError, failure } from './engine.ts';
import { type Candidate, type EngineChain, isUnavailable } from './engine-chain.ts';
import type { Identity, Interactions, Outcome, Recorded } from './interactions.ts';
import { costOf, type Prices } from './prices.ts';
import { countPromptTokens, countTokens } from './tokens.ts';

export interface AnsweringOptions {
  /** Publishes a part to whoever waits for the answer; rejects as the bus does. */
  publish(delivery: Delivery<LlmRequest>, part: LlmResponse): Promise<void>;
  engines: EngineChain;
  interactions: Interactions;
  conversations: Conversations;
  cancellations: Cancellations;
  cache: Cache;
  prices: Prices;
  onAnswered?(answered: Answered): void;
}

/** What is known of an answer once it is recorded. */
export interface Answered {
  outcome: Outcome;
  state: ConversationState | undefined;
  /** In US dollars; `undefined` when nobody knows. */
  cost: number | undefined;
}

/** Node's timers hold no more milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;
const NOTHING: Memory = { messages: [], vectors: [] };

type Unnumbered<Part> = Part extends unknown ? Omit<Part, 'index' | 'answer'> : never;

/** How far a request has come, kept over the tries of one delivery so that no step is done twice. */
interface Work {
  /** Names this try to answer. */
  answer: string;
  /** Of the next part to be published. */
  index: number;
  outcome?: Outcome | undefined;
  memory: Memory;
  /** The event whose row the outcome stands in. */
  storedAs: string | undefined;
  /** The chunks of a streamed answer are out. */
  said: boolean;
}

/**
 * Answers requests: from the row of one that was here before, from the cache, or through the engines. The row is
 * written before the last part is published, so an answer that a client has seen whole is always recorded.
 */
export function createAnswering(options: AnsweringOptions) {
  const { engines, interactions, conversations, cancellations, cache, prices } = options;
  const works = new WeakMap<Delivery<LlmRequest>, Work>();

  const handle = async (delivery: Delivery<LlmRequest>): Promise<void> => {
    const started = performance.now();
    const { event } = delivery;
    const streamed = event.data.stream === true;
    const identity = identityOf(delivery);
    const conversation = conversationOf(delivery);
    const work = works.get(delivery) ?? newWork();
    works.set(delivery, work);
    if (work.outcome === undefined && (delivery.again || identity.idempotencyKey !== undefined))
      takeOver(work, event.data, await interactions.find(identity));
    if (work.outcome === undefined) {
      const cancelled = cancellations.begin(event.id);
      try {
        if (conversation !== undefined) work.memory = await conversations.recall(conversation);
        work.outcome = await produce(delivery, work, cancelled);
      } finally {
        cancellations.end(event.id);
      }
    }
    if (work.storedAs === undefined) {
      const { outcome } = work;
      const answered = describe(outcome, work.memory, event.data);
      const added = await interactions.add({
        ...identity,
        ...answered,
        correlationId: event.correlationid,
        engine: outcome.status === 'completed' ? outcome.completion.engine : 'none',
        model: outcome.status === 'completed' ? outcome.completion.model : event.data.model,
        request: event.data,
        latencyMs: Math.round(performance.now() - started),
      });
      work.storedAs = event.id;
      // Another core was faster with the same request; its answer counts, if nothing of ours is out yet.
      if (!added && !work.said) takeOver(work, event.data, await interactions.find(identity));
      options.onAnswered?.(answered);
    }
    // Also when the row was there already: whoever wrote it may have died before this.
    if (conversation !== undefined && work.outcome.status === 'completed')
      await conversations.add(
        conversation,
        work.storedAs,
        turnsOf(event.data.messages, work.outcome.choices),
      );
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
        : {
            status: 200,
            engine: work.outcome.completion.engine,
            cached: work.outcome.completion.cached,
            usage: work.outcome.usage,
          }),
    });
  };

  const describe = (outcome: Outcome, memory: Memory, { messages }: LlmRequest): Answered => {
    if (outcome.status === 'failed') return { outcome, state: undefined, cost: 0 };
    const { completion, choices, usage } = outcome;
    return {
      outcome,
      state: stateOfConversation(memory.vectors, messages, choices),
      cost: completion.cached ? 0 : costOf(prices, completion.model, usage),
    };
  };

  /** The outcome; what the engine streams is published on the way. */
  const produce = async (
    delivery: Delivery<LlmRequest>,
    work: Work,
    cancelled: AbortSignal,
  ): Promise<Outcome> => {
    const asked = delivery.event.data;
    const request = { ...asked, messages: withMemory(asked.messages, work.memory) };
    try {
      cancelled.throwIfAborted();
      const candidates = await engines.candidates(asked.model);
      for (const [place, candidate] of candidates.entries()) {
        // A try that broke off in the middle cannot be continued: the engine may say something else this time.
        restart(work);
        const key = cacheKey(candidate.engine.name, { ...request, model: candidate.model });
        const known = await cache.get(key);
        const completion = newCompletion(candidate, known !== undefined);
        if (known !== undefined) return { status: 'completed', completion, ...known };
        try {
          const answer = await generate(delivery, work, { candidate, completion, request, cancelled });
          work.said = asked.stream === true;
          void cache.set(key, answer);
          return { status: 'completed', completion, ...answer };
        } catch (error) {
          // What is out cannot be taken back, so another engine can only begin where nothing was said.
          const next = work.index === 0 ? candidates[place + 1] : undefined;
          if (!isUnavailable(error) || next === undefined) throw error;
          delivery.log.warn('an engine did not answer, asking the next', {
            engine: candidate.engine.name,
            next: next.engine.name,
            reason: error.message,
          });
        }
      }
      throw failure(503, 'There is no engine.', 'no_engine');
    } catch (error) {
      if (error instanceof EngineError) return { status: 'failed', error: error.error };
      throw error;
    }
  };

  const generate = async (
    delivery: Delivery<LlmRequest>,
    work: Work,
    task: { candidate: Candidate; completion: Completion; request: LlmRequest; cancelled: AbortSignal },
  ) => {
    const { candidate, completion, request, cancelled } = task;
    const streamed = request.stream === true;
    const stop = new AbortController();
    const { expiresAt } = delivery;
    // Nobody waits for the whole of an answer after its event has expired; a stream is awaited from part to part.
    const expiry =
      streamed || expiresAt === undefined
        ? undefined
        : setTimeout(() => stop.abort(expired()), Math.min(expiresAt - Date.now(), LONGEST_TIMER));
    const leave = () => stop.abort(cancelled.reason);
    cancelled.addEventListener('abort', leave);
    const collector = createCollector();
    const confirmations: Promise<void>[] = [];
    try {
      await engines.answer(candidate, request, stop.signal, (output) => {
        stop.signal.throwIfAborted();
        collector.add(output);
        if (!streamed || output.choices.length === 0) return;
        const sent = send(delivery, work, { kind: 'chunk', completion, choices: output.choices });
        // The engine need not go on when what it says cannot be delivered.
        sent.catch((error: unknown) => stop.abort(error));
        confirmations.push(sent);
      });
      stop.signal.throwIfAborted();
      await Promise.all(confirmations);
    } catch (error) {
      await Promise.allSettled(confirmations);
      throw stop.signal.aborted ? stop.signal.reason : error;
    } finally {
      clearTimeout(expiry);
      cancelled.removeEventListener('abort', leave);
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
    if (error instanceof Unroutable && work.storedAs !== undefined) {
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

function identityOf({ event }: Delivery<LlmRequest>): Identity {
  return { eventId: event.id, consumer: event.consumer ?? '', idempotencyKey: event.idempotencykey };
}

function conversationOf({ event }: Delivery<LlmRequest>): ConversationId | undefined {
  const id = event.data.metadata?.conversation_id;
  return id === undefined ? undefined : { consumer: event.consumer ?? '', id };
}

/** Makes the outcome of a request that was here before the outcome of this one. */
function takeOver(work: Work, request: LlmRequest, recorded: Recorded | undefined): void {
  if (recorded === undefined) return;
  work.storedAs = recorded.eventId;
  work.outcome =
    questionIn(recorded.request) === questionIn(request)
      ? recorded.outcome
      : {
          status: 'failed',
          error: {
            status: 422,
            message: 'This idempotency key was used for another request.',
            type: 'invalid_request_error',
            param: null,
            code: 'idempotency_key_reused',
          },
        };
}

function expired(): EngineError {
  return failure(504, 'The request expired before the engine had answered.', 'timeout');
}

function newWork(): Work {
  return { answer: randomUUID(), index: 0, memory: NOTHING, storedAs: undefined, said: false };
}

function restart(work: Work): void {
  work.answer = randomUUID();
  work.index = 0;
}

function newCompletion({ engine, model }: Candidate, cached: boolean): Completion {
  return {
    id: `chatcmpl-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model,
    engine: engine.name,
    cached,
  };
}

/** A whole choice as one piece of a stream, where tool calls are told apart by an index. */
function asDelta({ message, ...choice }: Choice): ChoiceDelta {
  const { tool_calls: calls, ...rest } = message;
  if (!Array.isArray(calls)) return { ...choice, delta: message };
  return { ...choice, delta: { ...rest, tool_calls: calls.map((call, index) => ({ index, ...call })) } };
}

/** For engines that do not count. */
function countUsage(request: LlmRequest, choices: readonly Choice[]): Usage {
  const prompt_tokens = countPromptTokens(request.messages);
  const completion_tokens = choices.reduce((sum, { message }) => sum + countTokens(message.content ?? ''), 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
