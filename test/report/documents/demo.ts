import type { DocumentOf } from '../../../src/report/documents/index.ts';
import { passedFlow, score } from '../examples.ts';

export const document: DocumentOf<'demo'> = {
  kind: 'demo',
  stack: 'demo',
  steps: [
    { name: 'new', status: 'done', durationMs: 310, result: 'a stack in a temporary folder' },
    { name: 'up', status: 'done', durationMs: 3810, result: '6 parts are healthy' },
    { name: 'test', status: 'failed', durationMs: 10_240, result: '1 of 2 flows failed' },
  ],
  chat: {
    question: 'What is a gateway?',
    answer: 'A gateway is the one door to all services.',
    model: 'qbtc-offline',
    correlationId: undefined,
    durationMs: 120,
  },
  flows: [passedFlow],
  score,
  target: 85,
};
