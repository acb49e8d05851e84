import type { Choice, ChoiceDelta, LlmError, LlmRequest, LlmResponse } from '@stack/contracts/llm';
import { type Delivery, Unroutable } from '@stack/runtime/bus';
import type { Cache } from './cache.ts';
import type { Cancellations } from './cancellations.ts';
import {
  type ConversationId,
  type ConversationState,
  type Conversations,
  type Memory,
  stateOfConversation,
  turnsOf,
} from './conversations.ts';
import type { EngineChain } from './engine-chain.ts';
import type { Identity, Interactions, Outcome } from './interactions.ts';
import { costOf, type Prices } from './prices.ts';
import { createProducing } from './producing.ts';
import { createSend, newWork, restart, takeOver, type Work } from './work.ts';

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

/**
 * Answers requests: from the row of one that was here before, from the cache, or through the engines. The row is
 * written before the last part is published, so an answer that a client has seen whole is always recorded.
 */
export function createAnswering(options: AnsweringOptions) {
  const { engines, interactions, conversations, cancellations, cache, prices } = options;
  const send = createSend(options.publish);
  const produce = createProducing({ engines, cache, send });
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
      takeOver(work, event.data, await interactions.find(identity, delivery.span));
    if (work.outcome === undefined) {
      const cancellation = cancellations.begin(event.id);
      try {
        if (conversation !== undefined) work.memory = await conversations.recall(conversation, delivery.span);
        work.outcome = await produce(delivery, work, cancellation);
      } finally {
        cancellations.end(event.id);
      }
    }
    if (work.storedAs === undefined) {
      const { outcome } = work;
      const answered = describe(outcome, work.memory, event.data);
      const added = await interactions.add(
        {
          ...identity,
          ...answered,
          correlationId: event.correlationid,
          engine: outcome.status === 'completed' ? outcome.completion.engine : 'none',
          model: outcome.status === 'completed' ? outcome.completion.model : event.data.model,
          request: event.data,
          latencyMs: Math.round(performance.now() - started),
        },
        delivery.span,
      );
      work.storedAs = event.id;
      // Another core was faster with the same request; its answer counts, if nothing of ours is out yet.
      if (!added && !work.said) takeOver(work, event.data, await interactions.find(identity, delivery.span));
      options.onAnswered?.(answered);
    }
    // Also when the row was there already: whoever wrote it may have died before this.
    if (conversation !== undefined && work.outcome.status === 'completed')
      await conversations.add(
        conversation,
        work.storedAs,
        turnsOf(event.data.messages, work.outcome.choices),
        delivery.span,
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
        ? {
            status: work.outcome.error.status,
            code: work.outcome.error.code,
            reason: work.outcome.error.message,
          }
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

  const finish = async (delivery: Delivery<LlmRequest>, work: Work, outcome: Outcome, streamed: boolean) => {
    if (outcome.status === 'failed')
      return await send(delivery, work, { kind: 'error', error: outcome.error });
    const { completion, choices, usage } = outcome;
    await send(delivery, work, { kind: 'complete', completion, ...(streamed ? {} : { choices }), usage });
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

/** A whole choice as one piece of a stream, where tool calls are told apart by an index. */
function asDelta({ message, ...choice }: Choice): ChoiceDelta {
  const { tool_calls: calls, ...rest } = message;
  if (!Array.isArray(calls)) return { ...choice, delta: message };
  return { ...choice, delta: { ...rest, tool_calls: calls.map((call, index) => ({ index, ...call })) } };
}
