import { randomUUID } from 'node:crypto';
import type { LlmRequest, LlmResponse } from '@stack/contracts/llm';
import type { Delivery } from '@stack/runtime/bus';
import type { Memory } from './conversations.ts';
import type { Outcome, Recorded } from './interactions.ts';
import { questionIn } from './question.ts';

/** How far a request has come, kept over the tries of one delivery so that no step is done twice. */
export interface Work {
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

export function newWork(): Work {
  return {
    answer: randomUUID(),
    index: 0,
    memory: { messages: [], vectors: [] },
    storedAs: undefined,
    said: false,
  };
}

/** Begins a new try: parts of two tries do not fit together. */
export function restart(work: Work): void {
  work.answer = randomUUID();
  work.index = 0;
}

/** Makes the outcome of a request that was here before the outcome of this one. */
export function takeOver(work: Work, request: LlmRequest, recorded: Recorded | undefined): void {
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

type Unnumbered<Part> = Part extends unknown ? Omit<Part, 'index' | 'answer'> : never;

/**
 * Publishes a part of the answer under the next number. Rejects as the bus does; the number is then given again, as
 * whoever waits for the answer takes nothing before that number has come.
 */
export type Send = (
  delivery: Delivery<LlmRequest>,
  work: Work,
  part: Unnumbered<LlmResponse>,
) => Promise<void>;

export function createSend(
  publish: (delivery: Delivery<LlmRequest>, part: LlmResponse) => Promise<void>,
): Send {
  return (delivery, work, part) => {
    const { index, answer } = work;
    work.index += 1;
    const published = publish(delivery, { ...part, index, answer } as LlmResponse);
    // Several are on their way at once: the first that fails counts.
    published.catch(() => {
      if (work.answer === answer) work.index = Math.min(work.index, index);
    });
    return published;
  };
}
