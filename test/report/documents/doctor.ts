import type { DocumentOf } from '../../../src/report/documents/index.ts';

export const document: DocumentOf<'doctor'> = {
  kind: 'doctor',
  checks: [
    { name: 'node', status: 'pass', found: 'Node 20.20.2 (linux x64)', fix: null },
    {
      name: 'docker',
      status: 'warning',
      found: 'this account may not use unix:///var/run/docker.sock',
      fix: 'sudo usermod -aG docker $USER, then log in again',
    },
    {
      name: 'ports',
      status: 'fail',
      found: 'port 5432 (database) is held by postgres (pid 4242)',
      fix: 'end the process, or give the stack other ports: set ports.base in qbtc.yaml (2000, 3000, …)',
    },
  ],
  strategy: null,
};
