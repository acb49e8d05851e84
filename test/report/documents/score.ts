import type { DocumentOf } from '../../../src/report/documents/index.ts';
import { score } from '../examples.ts';

export const document: DocumentOf<'score'> = {
  kind: 'score',
  score,
  target: 85,
  tookMs: 812,
  history: [
    { takenAt: '2030-01-01T09:00:00.000Z', adjusted: 40 },
    { takenAt: '2030-01-01T10:00:00.000Z', adjusted: 100 },
  ],
  comparison: {
    against: { takenAt: '2030-01-01T10:00:00.000Z', total: 100, adjusted: 100 },
    difference: -18.75,
    components: { infrastructure: -11.25, discovery: 0, routes: 0, connectivity: 0, monitoring: -7.5 },
    newlyLost: [{ code: 'INFRA_RESOURCE_ACTIVE', subject: 'cache', max: 11.25 }],
    wonBack: [],
  },
};
