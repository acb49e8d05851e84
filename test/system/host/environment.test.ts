import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { parseVariable } from '../../../src/system/host/darwin.ts';
import { createHost } from '../../../src/system/host/index.ts';
import { quietContext } from '../../support/quiet-context.ts';

test.skipIf(process.platform === 'win32')('a variable is found in the processes that have it', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], {
    env: { QBTC_PROBE: 'abc-_1', OTHER: '=x=' },
  });
  try {
    await once(child, 'spawn');
    const { host } = quietContext();
    // What was forked and is not yet another program still has our environment.
    let found = await host.processVariable('QBTC_PROBE');
    while (!found.has(child.pid ?? 0)) found = await host.processVariable('QBTC_PROBE');
    expect(found.get(child.pid ?? 0)).toBe('abc-_1');
    expect(found.has(process.pid)).toBe(false);
  } finally {
    child.kill('SIGKILL');
  }
});

// Recorded: macOS 14, ps -axwwE -o pid=,command=
const RECORDED = `    1 /sbin/launchd
  501 /usr/local/bin/node -e setInterval(() => {}, 1e6) QBTC_PROBE=eyJyb290IjoiL2EgYiJ9 PATH=/usr/bin:/bin HOME=/Users/jo doe
  502 /bin/zsh -c echo QBTC_PROBE=typed TERM=xterm
  503 /usr/local/bin/redis-server 127.0.0.1:6379
`;

test('macOS puts the environment behind the arguments', () => {
  expect([...parseVariable(RECORDED, 'QBTC_PROBE')]).toEqual([
    [501, 'eyJyb290IjoiL2EgYiJ9'],
    [502, 'typed'],
  ]);
});

test('Windows shows nobody the environment of another process', async () => {
  const host = createHost('win32', () => Promise.reject(new Error('nothing is asked')));
  expect((await host.processVariable('QBTC_PROBE')).size).toBe(0);
});
