import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'addon'> = {
  kind: 'addon',
  stack: 'acme',
  addon: 'trading',
  action: 'remove',
  dryRun: false,
  changes: [
    { action: 'delete', path: 'services/trading-hft/package.json' },
    {
      action: 'keep',
      path: 'services/trading-hft/service.yaml',
      kept: 'services/trading-hft/service.yaml.kept',
    },
  ],
  next: [{ command: 'qbtc up', why: 'ends what of it runs' }],
};
