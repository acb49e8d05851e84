import { expect, test } from 'vitest';
import { describeConflict, portConflicts } from '../../src/placement/ports.ts';

test('a port is taken by whoever listens where 127.0.0.1 is reached', () => {
  const wanted = [
    { port: 5432, owner: 'database' },
    { port: 6379, owner: 'cache' },
    { port: 8000, owner: 'llm-api' },
    { port: 9180, owner: 'gateway, admin' },
  ];
  const conflicts = portConflicts(wanted, [
    { host: '0.0.0.0', port: 5432, pid: 42, program: 'postgres' },
    { host: '192.168.1.7', port: 6379, pid: 43 },
    { host: '::', port: 8000 },
    { host: '127.0.0.1', port: 1 },
  ]);
  expect(conflicts.map(describeConflict)).toEqual([
    'port 5432 (database) is held by postgres (pid 42)',
    'port 8000 (llm-api) is held by a process (of another user)',
  ]);
  const [first] = conflicts;
  if (first === undefined) throw new Error('there is one');
  const of = { root: '/home/jo/acme', stack: 'acme', part: 'database' };
  expect(describeConflict({ ...first, of, why: 'no' })).toBe(
    'port 5432 (database) is held by postgres (pid 42), database of the stack acme in /home/jo/acme; no',
  );
  expect(describeConflict({ ...first, of: { root: '/home/jo/acme' } })).toContain('a stack in /home/jo/acme');
});
