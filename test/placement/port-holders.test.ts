import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { chooseProviders } from '../../src/placement/index.ts';
import { carry, PROCESS_VARIABLE } from '../../src/runtimes/processes/carried.ts';
import { service } from '../flow/chain.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';
import { emptyStack } from '../support/stack.ts';

/** A process that listens, and carries what parts of a stack carry; its child listens, as under `npm start`. */
async function listener(root: string): Promise<number> {
  const listen =
    "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
  const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(listen)}], {stdio: 'inherit'})`;
  const spec = {
    ...{ name: 'api', program: '', args: [], cwd: root, env: {}, stopSignal: 'SIGTERM' as const },
    ...{ stopsGroup: true, stopTimeoutMs: 1, logFile: '', dependsOn: [], ports: [], fingerprint: '' },
  };
  const child = spawn(process.execPath, ['-e', script], {
    cwd: root,
    env: { [PROCESS_VARIABLE]: carry({ root, id: 'x', stack: 'other' }, spec) },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  onTestFinished(() => void process.kill(-(child.pid ?? 0), 'SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) return Number(line);
  throw new Error('it has not listened');
}

test.skipIf(process.platform === 'win32')(
  'a port that another stack holds is told with the name and the root of that stack, and the ways out',
  async () => {
    const root = await temporaryFolder();
    const mine = await temporaryFolder();
    await mkdir(`${root}/.qbtc`);
    const port = await listener(root);
    const stack = emptyStack(mine, { services: [service('web', port)] });
    await expect(chooseProviders(quietContext(), stack)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      details: [expect.stringMatching(/^port \d+ \(web\) is held by .+, api of the stack other in /)],
      hint: expect.stringMatching(/end that stack: cd ".+" && qbtc down; or .*qbtc up --port-base/),
    });
    const own = emptyStack(root, { services: [service('web', port)] });
    await expect(chooseProviders(quietContext(), own)).rejects.toMatchObject({
      hint: expect.stringMatching(/^end what is left of this stack: qbtc down/),
    });
  },
);
