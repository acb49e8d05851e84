import { randomUUID } from 'node:crypto';
import type { Choice, Completion, LlmRequest, Usage } from '@stack/contracts/llm';
import type { Delivery } from '@stack/runtime/bus';
import { EventInvalid } from '@stack/runtime/events';
import { type Cache, cacheKey } from './cache.ts';
import type { Cancellation } from './cancellations.ts';
import { type Collector, createCollector } from './collect.ts';
import { withMemory } from './conversations.ts';
import { EngineError, type EngineOutput, type Fault, failure } from './engine.ts';
import { type Candidate, type EngineChain, mayBeAnswered } from './engine-chain.ts';
import type { Outcome } from './interactions.ts';
import { restart, type Send, type Work } from './work.ts';

export interface ProducingOptions {
  engines: EngineChain;
  cache: Cache;
  send: Send;
}

/** Finds the outcome of a request. What the engine streams is published on the way. */
export type Produce = (
  delivery: Delivery<LlmRequest>,
  work: Work,
  cancellation: Cancellation,
) => Promise<Outcome>;

/** Node's timers hold no more milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Answers come from the cache, or from the first engine that gives one. */
export function createProducing({ engines, cache, send }: ProducingOptions): Produce {
  const produce: Produce = async (delivery, work, cancellation) => {
    const asked = delivery.event.data;
    const request = { ...asked, messages: withMemory(asked.messages, work.memory) };
    try {
      cancellation.throwIfCancelled();
      const candidates = await engines.candidates(asked.model);
      for (const [place, candidate] of candidates.entries()) {
        // A try that broke off in the middle cannot be continued: the engine may say something else this time.
        restart(work);
        const keeps = candidate.answerAtOnce === undefined || typeof request.prompt_cache_key === 'string';
        const key = keeps ? cacheKey(candidate.engine, { ...request, model: candidate.model }) : undefined;
        const known = key === undefined ? undefined : await cache.get(key, delivery.span);
        const completion = newCompletion(candidate, known !== undefined);
        if (known !== undefined) return { status: 'completed', completion, ...known };
        try {
          const { answerAtOnce } = candidate;
          const answer =
            asked.stream === true || answerAtOnce === undefined
              ? await generate(delivery, work, {
                  candidate,
                  completion,
                  request,
                  cancelled: cancellation.signal,
                })
              : await whole(await answerAtOnce(request), request);
          work.said = asked.stream === true;
          if (key !== undefined) void cache.set(key, answer, delivery.span);
          return { status: 'completed', completion, ...answer };
        } catch (error) {
          // What is out cannot be taken back, so another engine can only begin where nothing was said.
          const next = work.index === 0 ? candidates[place + 1] : undefined;
          if (!mayBeAnswered(error)) throw error;
          delivery.log.warn('an engine did not answer', {
            engine: candidate.engine,
            model: candidate.model,
            next: next?.engine ?? null,
            error,
          });
          if (next === undefined) throw error;
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
    const begun = performance.now();
    let heard = false;
    const { expiresAt } = delivery;
    // Nobody waits for the whole of an answer after its event has expired; a stream is awaited from part to part.
    const expiry =
      streamed || expiresAt === undefined
        ? undefined
        : setTimeout(
            () => stop.abort(expired(heard ? 0 : performance.now() - begun)),
            Math.min(expiresAt - Date.now(), LONGEST_TIMER),
          );
    const leave = () => stop.abort(cancelled.reason);
    cancelled.addEventListener('abort', leave);
    const collector = createCollector();
    const confirmations: Promise<void>[] = [];
    try {
      await candidate.answer(request, stop.signal, (output) => {
        stop.signal.throwIfAborted();
        heard = true;
        collector.add(output);
        if (!streamed || output.choices.length === 0) return;
        const sent = send(delivery, work, { kind: 'chunk', completion, choices: output.choices });
        // The engine need not go on when what it says cannot be delivered.
        sent.catch((error: unknown) => stop.abort(undeliverable(error)));
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
    return collected(collector, request);
  };

  return produce;
}

/** An answer that came in one piece. */
async function whole(output: EngineOutput, request: LlmRequest) {
  const collector = createCollector();
  collector.add(output);
  return collected(collector, request);
}

async function collected(collector: Collector, request: LlmRequest) {
  const choices = collector.choices();
  return { choices, usage: collector.usage ?? (await countUsage(request, choices)) };
}

/** From so long a silence on, in milliseconds, the engine is to blame, and not a client that would not wait. */
const LONG_SILENCE_MS = 10_000;

function expired(silentMs: number): EngineError {
  const fault: Fault = silentMs >= LONG_SILENCE_MS ? 'endpoint' : 'request';
  return failure(504, 'The request expired before the engine had answered.', 'timeout', { fault });
}

/** What the engine said cannot be sent: that is a fault of its answer, and no later try would send it. */
function undeliverable(error: unknown): unknown {
  if (!(error instanceof EventInvalid)) return error;
  const { path, message } = error.problem;
  return failure(502, `The engine sent a chunk of another form: ${path} ${message}.`, 'bad_engine_answer', {
    fault: 'answer',
    cause: error,
  });
}

function newCompletion({ engine, model }: Candidate, cached: boolean): Completion {
  return {
    id: `chatcmpl-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model,
    engine,
    cached,
  };
}

/** For engines that do not count. */
async function countUsage(request: LlmRequest, choices: readonly Choice[]): Promise<Usage> {
  const { countPromptTokens, countTokens } = await import('./tokens.ts');
  const prompt_tokens = countPromptTokens(request.messages);
  const completion_tokens = choices.reduce((sum, { message }) => sum + countTokens(message.content ?? ''), 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
