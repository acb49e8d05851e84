import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'heal'> = {
  kind: 'heal',
  stack: 'acme',
  before: 61.5,
  after: 92.5,
  planned: [],
  outcomes: [
    {
      repair: {
        problem: {
          kind: 'not-running',
          subject: 'broker',
          reason: 'stopped',
          victims: ['llm-api', 'quantum-core'],
        },
        remedy: 'start',
        cost: 'none: it does not run',
        command: 'qbtc up broker',
        provenBy: ['llm-plain'],
        points: 31,
      },
      status: 'helped',
      said: 'started broker',
      tookMs: 1240,
    },
    {
      repair: {
        problem: {
          kind: 'port-stolen',
          subject: 'cache',
          reason: 'port 6379 is held by python3 (pid 77), not of this stack; exited with code 1',
          victims: [],
        },
        provenBy: [],
        points: 7.5,
        blocked: 'python3 (pid 77) is not ours to end: end it, or give cache another port in qbtc.yaml',
      },
      status: 'blocked',
      said: 'python3 (pid 77) is not ours to end: end it, or give cache another port in qbtc.yaml',
      tookMs: 0,
    },
  ],
  left: [
    {
      kind: 'port-stolen',
      subject: 'cache',
      reason: 'port 6379 is held by python3 (pid 77), not of this stack; exited with code 1',
      victims: [],
    },
  ],
  proof: [{ flow: 'llm-plain', status: 'passed' }],
  interrupted: 'restart of gateway',
  durationMs: 4210,
};
