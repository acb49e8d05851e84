import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';

/** A server that a test has started. */
export interface TestServer {
  url: string;
  port: number;
  /** Kills it with -9, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** The first of the paths that exists. */
export function findProgram(paths: readonly string[]): string | undefined {
  return paths.find((path) => existsSync(path));
}

/**
 * Says on standard error why tests are skipped, once for each process.
 *
 * @returns whether they are, for `describe.skipIf`
 */
export function skipWithout(needs: { name: string; found: string | undefined; install: string }[]): boolean {
  const missing = needs.filter(({ found }) => found === undefined);
  for (const { name, install } of missing)
    process.stderr.write(`skipped: ${name} is not installed (${install})\n`);
  return missing.length > 0;
}

/** Ports of loopback that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A child whose last output is kept for the message of a failed start. */
export function startChild(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; detached?: boolean } = {},
): { process: ChildProcess; output(): string } {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  return { process: child, output: () => output };
}

/** Sends the signal and resolves when the process has ended. */
export async function endChild(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** Tries until it does not reject. */
export async function eventually<Result>(
  what: string,
  attempt: () => Promise<Result>,
  options: { timeoutMs: number; everyMs?: number },
): Promise<Result> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`${what}: not within ${options.timeoutMs} ms`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50));
    }
  }
}
