import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import amqp from 'amqplib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Inside the checkout, so that the bundle finds its packages.
const here = fileURLToPath(new URL('.', import.meta.url));
let folder: string;
let program: string;

beforeAll(async () => {
  folder = await mkdtemp(join(here, '.run-'));
  program = join(folder, 'broker.mjs');
  await build({
    entryPoints: ['src/embedded/broker/main.ts'],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'error',
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Line {
  level: string;
  message: string;
  context: Record<string, unknown>;
}

/** Starts the broker as `up` does; gives its log lines as they come, and how it ends. */
function start(changes: object = {}) {
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      QBTC_EMBEDDED: JSON.stringify({
        host: '127.0.0.1',
        port: 0,
        managementPort: 0,
        user: 'tester',
        password: 'secret-of-the-test',
        vhost: '/',
        ...changes,
      }),
    },
  });
  let text = '';
  const lines = () =>
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const first = new Promise<Line>((resolve) =>
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const [line] = text.includes('\n') ? lines() : [];
      if (line !== undefined) resolve(line);
    }),
  );
  return { child, exit, first, lines, text: () => text };
}

describe('the broker as a program', () => {
  it('serves, says goodbye to its clients on SIGTERM, and exits with 0', async () => {
    const broker = start();
    const { context } = await broker.first;
    const connection = await amqp.connect(
      {
        hostname: '127.0.0.1',
        port: Number(context.port),
        username: 'tester',
        password: 'secret-of-the-test',
      },
      { noDelay: true },
    );
    const closed = new Promise<Error | undefined>((resolve) => connection.once('close', resolve));
    await connection.createChannel();
    broker.child.kill('SIGTERM');
    expect((await closed)?.message).toContain('CONNECTION_FORCED - broker is shutting down');
    expect(await broker.exit).toBe(0);
    expect(broker.lines().at(-1)?.message).toBe('ended');
    expect(broker.text()).not.toContain('secret-of-the-test');
  });

  it.each(['port', 'managementPort'])(
    'says why it cannot start when its %s is taken, and exits with 1',
    async (port) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const taken = address !== null && typeof address === 'object' ? address.port : 0;
      const broker = start({ [port]: taken });
      expect(await broker.exit).toBe(1);
      expect(broker.lines().at(-1)).toMatchObject({
        level: 'error',
        message: expect.stringContaining(`EADDRINUSE: address already in use 127.0.0.1:${taken}`),
      });
      await new Promise((resolve) => server.close(resolve));
    },
  );
});
