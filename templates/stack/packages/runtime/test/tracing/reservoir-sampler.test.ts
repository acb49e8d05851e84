import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it } from 'vitest';
import { ReservoirSampler } from '../../src/tracing/reservoir-sampler.ts';

const NEVER_BY_RATIO = `${'f'.repeat(8)}${'0'.repeat(24)}`;
const ALWAYS_BY_RATIO = `${'0'.repeat(31)}1`;

describe('the reservoir', () => {
  const decide = (sampler: ReservoirSampler, traceId: string) =>
    sampler.shouldSample(ROOT_CONTEXT, traceId, 'x', SpanKind.SERVER, {}, []).decision ===
    SamplingDecision.RECORD_AND_SAMPLED;

  it('records so many each second, and of the others the share', () => {
    let now = 0;
    const sampler = new ReservoirSampler(2, 0.5, () => now);
    expect([1, 2, 3].map(() => decide(sampler, NEVER_BY_RATIO))).toEqual([true, true, false]);
    expect(decide(sampler, ALWAYS_BY_RATIO)).toBe(true);
    now = 999;
    expect(decide(sampler, NEVER_BY_RATIO)).toBe(false);
    now = 1000;
    expect(decide(sampler, NEVER_BY_RATIO)).toBe(true);
  });

  it('records nothing with neither', () => {
    const sampler = new ReservoirSampler(0, 0, () => 0);
    expect(decide(sampler, ALWAYS_BY_RATIO)).toBe(false);
  });
});
