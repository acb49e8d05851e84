import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { wait } from '../../commands/wait.ts';
import { runCommand } from '../support/command-line.ts';
import { freePorts } from '../support/ports.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const FLOW = `
name: greets
tags: [smoke]
steps:
  - kind: http
    hop: { subject: web, proves: web greets }
    request: { url: "\${services.web.url}/greeting" }
    expect: { status: 200 }
`;

/** A stack of one service that runs already, or will. */
async function stackAt(port: number): Promise<string> {
  const root = await temporaryFolder();
  const services = `services:\n  web: { url: "http://127.0.0.1:${port}", health: { tcp: true } }\n`;
  await writeFile(join(root, 'qbtc.yaml'), `version: 1\nname: small\n${services}flows: [flows/*.yaml]\n`);
  await mkdir(join(root, 'flows'));
  await writeFile(join(root, 'flows', 'greets.yaml'), FLOW);
  return root;
}

/** Takes connections; greets with 200 from the third time on. */
async function listenAt(port: number): Promise<void> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(asked < 3 ? 503 : 200).end();
  });
  onTestFinished(() => void server.close());
  await once(server.listen(port, '127.0.0.1'), 'listening');
}

const waitIn = async (cwd: string, ...words: string[]) => {
  const { document, exit } = await runCommand(wait, { ...quietContext(), cwd }, ['wait', ...words]);
  return { ...(document?.kind === 'waited' ? document : expect.unreachable()), exit };
};

test('says with 4 what is not there when the time is over, and what was not looked at', async () => {
  const [port = 0] = await freePorts(1);
  const result = await waitIn(await stackAt(port), 'web', '--for', 'flow=smoke', '--timeout', '1');
  expect(result).toMatchObject({
    exit: 4,
    met: false,
    waited: [
      {
        condition: { kind: 'healthy', names: ['web'] },
        missing: [{ name: 'web', reason: expect.stringContaining('unhealthy: adopted at http://127.0.0.1') }],
      },
      { condition: { kind: 'flow', tag: 'smoke' }, met: false, missing: [] },
    ],
  });
  expect(result.tookMs).toBeLessThan(10_000);
});

test('finds what is there, however little time is left', async () => {
  const [port = 0] = await freePorts(1);
  await listenAt(port);
  expect(await waitIn(await stackAt(port), 'web', '--timeout', '10')).toMatchObject({ exit: 0, met: true });
});

test('returns as soon as it is there: a service that starts meanwhile, and flows that pass then', async () => {
  const [port = 0] = await freePorts(1);
  const root = await stackAt(port);
  const waiting = waitIn(root, '--for', 'healthy', '--for', 'flow=smoke', '--for', 'score=1');
  await listenAt(port);
  expect(await waiting).toMatchObject({
    exit: 0,
    met: true,
    waited: [{ met: true }, { met: true }, { met: true }],
  });
}, 60_000);

test('does not wait for what is not declared', async () => {
  const [port = 0] = await freePorts(1);
  await listenAt(port);
  const root = await stackAt(port);
  await expect(waitIn(root, 'wep')).rejects.toMatchObject({ code: 'NAME_UNKNOWN', exit: 64 });
  await expect(waitIn(root, '--for', 'flow=smok')).rejects.toMatchObject({
    code: 'FLOW_UNKNOWN',
    hint: expect.stringContaining('did you mean "smoke"?'),
  });
  await expect(waitIn(root, '--for', 'score=101')).rejects.toMatchObject({
    code: 'INPUT_WRONG',
    details: ['for[0]: found "score=101", expected healthy, score=POINTS from 0 to 100, or flow=TAG'],
  });
});

test('ends at once when it is interrupted', async () => {
  const [port = 0] = await freePorts(1);
  const interrupt = new AbortController();
  const context = { ...quietContext({ interrupted: interrupt.signal }), cwd: await stackAt(port) };
  const waiting = runCommand(wait, context, ['wait', '--timeout', '60']);
  setTimeout(() => interrupt.abort(new Error('interrupted')), 300);
  await expect(waiting).rejects.toThrow('interrupted');
});
