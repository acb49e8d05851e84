import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
} from 'cockatiel';

/** A circuit breaker for each instance: one that fails is left alone for a while, then tried with one call. */
export interface Breakers {
  of(instance: string): CircuitBreakerPolicy;
  isOpen(instance: string): boolean;
}

/** So many instances are remembered; those that nobody called for longest are forgotten first. */
const MOST_KEPT = 1000;

export function createBreakers({ failures, openMs }: { failures: number; openMs: number }): Breakers {
  const kept = new Map<string, { breaker: CircuitBreakerPolicy; openedAt: number }>();
  const entry = (instance: string) => {
    const present = kept.get(instance);
    if (present !== undefined) {
      kept.delete(instance);
      kept.set(instance, present);
      return present;
    }
    const made = {
      breaker: circuitBreaker(handleAll, {
        halfOpenAfter: openMs,
        breaker: new ConsecutiveBreaker(failures),
      }),
      openedAt: 0,
    };
    made.breaker.onBreak(() => {
      made.openedAt = performance.now();
    });
    kept.set(instance, made);
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
    return made;
  };
  return {
    of: (instance) => entry(instance).breaker,
    isOpen(instance) {
      const { breaker, openedAt } = entry(instance);
      return breaker.state === CircuitState.Open && performance.now() - openedAt < openMs;
    },
  };
}
