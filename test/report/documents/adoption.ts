import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'adoption'> = {
  kind: 'adoption',
  name: 'shop',
  dryRun: false,
  services: [{ name: 'api', at: { file: 'compose.yaml', line: 2 }, port: 3000 }],
  resources: [{ name: 'broker', at: { file: 'compose.yaml', line: 9 }, resource: 'rabbitmq' }],
  files: [{ path: 'qbtc.yaml', text: 'version: 1\n', change: 'created' }],
  kept: ['services.api.port'],
  seen: [
    { service: 'api', ports: [3000], http: { port: 3000, top: 404, health: '/healthz' }, logs: 'pino' },
    { service: 'worker', ports: [], ended: 'exited with code 1' },
  ],
  obstacles: [
    {
      code: 'port-in-code',
      at: { file: 'api/index.js', line: 12 },
      of: 'api',
      found: 'port 3000',
      fix: 'read it from the variable PORT',
    },
  ],
  losses: [
    {
      at: { file: 'compose.yaml', line: 7 },
      what: 'volumes',
      of: ['api'],
      instead: 'services read their files',
    },
  ],
  doctor: [{ name: 'docker', status: 'warning', found: 'not installed', fix: null }],
  next: [{ command: 'qbtc up', why: 'starts all of it' }],
};
