import type { Metrics } from '@stack/runtime/metrics';
import { Counter, Histogram } from 'prom-client';
import type { Answered } from './answering/answering.ts';

/** What the core counts of its work. */
export function createCoreMetrics({ registry }: Metrics) {
  const registers = [registry];
  const tokens = new Counter({
    name: 'llm_tokens_total',
    help: 'Tokens of answered requests',
    labelNames: ['engine', 'kind', 'cached'] as const,
    registers,
  });
  const cost = new Counter({
    name: 'llm_cost_usd_total',
    help: 'What answers cost, as far as prices are known',
    labelNames: ['engine', 'model'] as const,
    registers,
  });
  const failures = new Counter({
    name: 'llm_engine_failures_total',
    help: 'Answers that an engine did not give although it should have',
    labelNames: ['engine'] as const,
    registers,
  });
  const state = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `quantum_state_${name}`, help, buckets, registers });
  const coherence = state(
    'coherence',
    'l1-norm coherence of conversations, 0 to 25',
    [1, 2, 4, 6, 8, 12, 16, 20, 25],
  );
  const purity = state('purity', 'Purity of conversations, 1/26 to 1', [0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1]);
  const entropy = state(
    'entropy',
    'Von Neumann entropy of conversations in bits',
    [0.25, 0.5, 1, 1.5, 2, 3, 4, 4.7],
  );
  const resonance = state(
    'resonance',
    'Fidelity to the stored state of the conversation',
    [0.1, 0.25, 0.5, 0.75, 0.9, 1],
  );
  const signals = new Counter({
    name: 'trading_signals_total',
    help: 'Signals given',
    labelNames: ['action'] as const,
    registers,
  });

  return {
    onEngineFailure: (engine: string) => failures.inc({ engine }),
    onSignal: ({ action }: { action: string }) => signals.inc({ action }),
    onAnswered({ outcome, state: found, cost: paid }: Answered) {
      if (outcome.status === 'failed') return;
      const { engine, model, cached } = outcome.completion;
      const labels = { engine, cached: String(cached) };
      tokens.inc({ ...labels, kind: 'prompt' }, outcome.usage.prompt_tokens);
      tokens.inc({ ...labels, kind: 'completion' }, outcome.usage.completion_tokens);
      if (paid !== undefined) cost.inc({ engine, model }, paid);
      if (found === undefined) return;
      coherence.observe(found.coherence);
      purity.observe(found.purity);
      entropy.observe(found.entropy);
      if (found.resonance !== null) resonance.observe(found.resonance);
    },
  };
}
