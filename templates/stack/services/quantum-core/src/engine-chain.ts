import type { LlmRequest, Model } from '@stack/contracts/llm';
import type { Log } from '@stack/runtime/logging';
import { BrokenCircuitError, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { type Engine, EngineError, type EngineOutput, failure } from './engine.ts';
import { createOffers } from './engine-offers.ts';

/** An engine that can answer. */
export interface Candidate {
  engine: string;
  /** The name of the model there. */
  model: string;
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

/** The engine is away, too slow or broken, and another one may do: it has not refused what it was asked. */
export function isUnavailable(error: unknown): error is EngineError {
  return error instanceof EngineError && error.error.status >= 500;
}

export function createEngineChain({ engines, log, breaker, onFailure }: ChainOptions): EngineChain {
  const { failures, openMs } = breaker ?? { failures: 3, openMs: 10_000 };
  const links = engines.map((engine) => {
    const policy = circuitBreaker(handleWhen(isUnavailable), {
      halfOpenAfter: openMs,
      breaker: new ConsecutiveBreaker(failures),
    });
    policy.onBreak(() =>
      log.warn('an engine fails too often and is left alone', { engine: engine.name, ms: openMs }),
    );
    policy.onReset(() => log.info('an engine is back', { engine: engine.name }));
    const answer =
      (model: string): Candidate['answer'] =>
      async (request, signal, take) => {
        try {
          await policy.execute(async () => {
            for await (const output of engine.answer({ ...request, model }, signal)) take(output);
          });
        } catch (error) {
          if (isUnavailable(error)) onFailure?.(engine.name);
          if (!(error instanceof BrokenCircuitError)) throw error;
          throw failure(
            503,
            `The engine ${engine.name} failed too often and is left alone.`,
            'engine_left_alone',
          );
        }
      };
    const candidate = (model: string): Candidate => ({ engine: engine.name, model, answer: answer(model) });
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
