import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api';
import {
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';

/**
 * Records so many traces each second, and of the further ones a share: a developer's single request is always there to
 * look at, and load costs little. The rule is that of AWS X-Ray
 * (https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html).
 */
export class ReservoirSampler implements Sampler {
  readonly #size: number;
  readonly #rest: TraceIdRatioBasedSampler;
  readonly #now: () => number;
  #second = Number.NaN;
  #taken = 0;

  constructor(size: number, ratio: number, now: () => number = () => performance.now()) {
    this.#size = size;
    this.#rest = new TraceIdRatioBasedSampler(ratio);
    this.#now = now;
  }

  shouldSample(
    context: Context,
    traceId: string,
    _name: string,
    _kind: SpanKind,
    _attributes: Attributes,
    _links: Link[],
  ): SamplingResult {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    if (this.#taken < this.#size) {
      this.#taken += 1;
      return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    }
    return this.#rest.shouldSample(context, traceId);
  }

  toString(): string {
    return `Reservoir{${this.#size}/s, ${this.#rest.toString()}}`;
  }
}
