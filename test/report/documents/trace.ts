import type { Trace } from '../../../src/model/trace.ts';
import type { DocumentOf } from '../../../src/report/documents/index.ts';

function span(fields: Partial<Trace['spans'][number]>): Trace['spans'][number] {
  return {
    spanId: '00',
    parentSpanId: undefined,
    service: 'quantum-core',
    instance: 'quantum-core@127.0.0.1:8001',
    name: 'work',
    kind: 'internal',
    offsetUs: 0,
    durationUs: 0,
    failed: false,
    message: '',
    correlationId: undefined,
    attributes: {},
    depth: 0,
    ...fields,
  };
}

export const document: DocumentOf<'trace'> = {
  kind: 'trace',
  stack: 'acme',
  trace: {
    id: 'a8f3bb524fac5c3802a1cbcb181c5eaa',
    startedAt: '2026-01-05T10:00:00.123456Z',
    durationUs: 47_467,
    services: ['llm-api', 'quantum-core'],
    correlationId: 'c-1',
    spans: [
      span({
        spanId: '01',
        service: 'llm-api',
        name: 'POST /v1/chat/completions',
        durationUs: 47_467,
        depth: 0,
      }),
      span({
        spanId: '02',
        parentSpanId: '01',
        service: 'llm-api',
        name: 'send llm.request',
        offsetUs: 1_200,
        durationUs: 2_100,
        depth: 1,
      }),
      span({
        spanId: '03',
        parentSpanId: '02',
        name: 'process q_llm_requests',
        offsetUs: 4_000,
        durationUs: 40_000,
        depth: 2,
      }),
      span({
        spanId: '04',
        parentSpanId: '03',
        name: 'add an interaction',
        offsetUs: 30_000,
        durationUs: 5_000,
        depth: 3,
        failed: true,
        message: 'Query read timeout',
      }),
    ],
  },
};
