import type { FlowResult } from '../../../src/model/flow.ts';
import type { DocumentOf } from '../../../src/report/documents/index.ts';
import { passedFlow } from '../examples.ts';

const stoppedFlow: FlowResult = {
  ...passedFlow,
  status: 'failed',
  durationMs: 10_240,
  hops: [
    ...passedFlow.hops.slice(0, 2),
    {
      name: 'quantum-core answered with an llm_response',
      subject: 'quantum-core',
      status: 'failed',
      evidence: 'q_llm_responses: try 10/10 within 5 s: none of its 0 messages is of this flow',
    },
    {
      name: 'llm-api gave the answer to the client',
      subject: 'llm-api',
      status: 'not-reached',
      evidence: 'no answer within 10 s',
    },
  ],
  stoppedAt: {
    hop: 3,
    name: 'quantum-core answered with an llm_response',
    subject: 'quantum-core',
    reason: 'q_llm_responses: try 10/10 within 5 s: none of its 0 messages is of this flow',
    logLines: [
      {
        source: 'quantum-core',
        timestamp: '2030-01-01T00:00:00.000Z',
        level: 'error',
        message: 'could not answer',
        error: {
          message: 'could not answer: the database went away',
          stack:
            'Error: could not answer\n    at answer (main.ts:1:1)\ncaused by Error: the database went away',
        },
        correlationId: '4711',
        raw: '{"message":"could not answer"}',
      },
    ],
  },
};

export const document: DocumentOf<'flows'> = { kind: 'flows', flows: [passedFlow, stoppedFlow] };
