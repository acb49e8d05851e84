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
      evidence: 'no llm_response within 5 s',
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
    reason: 'llm_request was in the broker, no llm_response within 5 s',
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
