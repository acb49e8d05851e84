import type { LlmRequest, Model } from '@stack/contracts/llm';
import type { Log } from '@stack/runtime/logging';
import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { type Engine, EngineError, type EngineOutput, failure } from './engine.ts';
import { createOffers } from './engine-offers.ts';
import { explain } from './engines/upstream.ts';

/** An engine that can answer. */
export interface Candidate {
  engine: string;
  /** The name of the model there. */
  model: string;
  /** The whole answer in one piece, where the engine has it at once. @throws {EngineError} */
  answerAtOnce: ((request: LlmRequest) => Promise<EngineOutput>) | undefined;
  /** Has it answer; every piece goes to `take`. @throws {EngineError} */
  answer(request: LlmRequest, signal: AbortSignal, take: (output: EngineOutput) => void): Promise<void>;
}

/** Engines, best first. One that fails again and again is left alone for a while. */
export interface EngineChain {
  /** What all of them offer. @throws {EngineError} when none of them can be asked */
  models(): Promise<Model[]>;
  /** Who can answer with the model, best first; for `AUTO` everybody. @throws {EngineError} when there is nobody */
  candidates(model: string): Promise<Candidate[]>;
}

/** The model that stands for the first engine that is there, where there are several. */
export const AUTO = 'qbtc-auto';

export interface ChainOptions {
  engines: readonly Engine[];
  log: Log;
  /** Failures one after the other until an engine is left alone, and for how many milliseconds. */
  breaker?: { failures: number; openMs: number };
  onFailure?(engine: string): void;
}

/** Another engine may answer: this one has not refused what it was asked, it has given no answer. */
export function mayBeAnswered(error: unknown): error is EngineError {
  return error instanceof EngineError && error.fault !== 'request';
}

/** A failure of the engine itself, which the next request would meet, too. */
function isHeldAgainst(error: Error): boolean {
  return error instanceof EngineError && error.fault === 'endpoint';
}

export function createEngineChain({ engines, log, breaker, onFailure }: ChainOptions): EngineChain {
  const { failures, openMs } = breaker ?? { failures: 3, openMs: 10_000 };

  /** For one model of an engine: that one fails says nothing of the others. */
  const createLink = (engine: Engine, model: string): Candidate['answer'] => {
    const policy = circuitBreaker(handleWhen(isHeldAgainst), {
      halfOpenAfter: openMs,
      breaker: new ConsecutiveBreaker(failures),
    });
    const about = { engine: engine.name, model };
    let last = '';
    policy.onBreak(() =>
      log.warn('an engine fails too often and is left alone', { ...about, ms: openMs, reason: last }),
    );
    policy.onReset(() => log.info('an engine is back', about));
    return async (request, signal, take) => {
      try {
        await policy.execute(async () => {
          for await (const output of explained(engine.answer({ ...request, model }, signal), signal))
            take(output);
        });
      } catch (error) {
        if (mayBeAnswered(error)) {
          last = error.message;
          onFailure?.(engine.name);
        }
        if (!(error instanceof BrokenCircuitError)) throw error;
        throw failure(
          503,
          `The engine ${engine.name} failed too often and is left alone. It said last: ${last}`,
          'engine_left_alone',
          { fault: 'answer' },
        );
      }
    };
  };

  const createShortLink = (engine: Engine, model: string): Candidate['answerAtOnce'] => {
    if (engine.answerAtOnce === undefined) return undefined;
    const atOnce = engine.answerAtOnce.bind(engine);
    return async (request) => {
      try {
        return await atOnce(request.model === model ? request : { ...request, model });
      } catch (error) {
        const explained = explain(error);
        if (mayBeAnswered(explained)) onFailure?.(engine.name);
        throw explained;
      }
    };
  };

  const links = engines.map((engine) => {
    const candidates = new Map<string, Candidate>();
    const candidate = (model: string): Candidate => {
      const known = candidates.get(model);
      if (known !== undefined) return known;
      const [answer, answerAtOnce] = [createLink(engine, model), createShortLink(engine, model)];
      const made = { engine: engine.name, model, answer, answerAtOnce };
      candidates.set(model, made);
      return made;
    };
    return { candidate, offer: createOffers(engine) };
  });

  const offers = async () => {
    const offered = await Promise.all(
      links.map(async ({ candidate, offer }) => ({ candidate, ...(await offer()) })),
    );
    // An engine that never could be asked may offer anything.
    const unknown = offered.find(({ models, problem }) => models.length === 0 && problem !== undefined);
    return { offered, unknown: unknown?.problem };
  };

  return {
    async models() {
      const { offered, unknown } = await offers();
      const all = offered.flatMap(({ models }) => models);
      if (all.length === 0 && unknown !== undefined) throw unknown;
      const distinct = [...new Map(all.map((model) => [model.id, model])).values()];
      return links.length > 1 ? [{ id: AUTO, created: 0, owned_by: 'qbtc' }, ...distinct] : distinct;
    },

    async candidates(model) {
      const { offered, unknown } = await offers();
      const found = offered.flatMap(({ candidate, models: [first, ...others] }) => {
        if (first === undefined) return [];
        if (model === AUTO && links.length > 1) return [candidate(first.id)];
        return [first, ...others].some(({ id }) => id === model) ? [candidate(model)] : [];
      });
      if (found.length > 0) return found;
      if (unknown !== undefined) throw unknown;
      throw new EngineError({
        status: 404,
        message: `The model \`${model}\` does not exist or you do not have access to it.`,
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
      });
    },
  };
}

/** What an engine says, with whatever it throws as an error of the engine. What the taker throws passes as it is. */
async function* explained(
  answer: AsyncIterable<EngineOutput>,
  signal: AbortSignal,
): AsyncGenerator<EngineOutput, void> {
  try {
    yield* answer;
  } catch (error) {
    throw signal.aborted ? signal.reason : explain(error);
  }
}
