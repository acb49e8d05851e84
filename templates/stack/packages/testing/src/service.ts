import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { endChild, eventually, startChild } from './server.ts';

/** A service of the stack, bundled as `qbtc` does it and run as a process. */
export interface TestService {
  url: string;
  pid: number;
  /** Everything that it has written to standard output, line by line. */
  lines(): string[];
  /** Resolves when its health document says so. */
  healthy(): Promise<void>;
  kill(): Promise<void>;
  /** SIGTERM; the exit code. */
  stop(): Promise<number | null>;
}

/** Starts the service whose entry file this is and resolves when it listens. It need not be healthy yet. */
export async function startService(
  name: string,
  entry: string,
  environment: Record<string, string>,
): Promise<TestService> {
  const folder = await mkdtemp(join(tmpdir(), `stack-${name}-`));
  const outfile = join(folder, 'service.cjs');
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['pg-native'],
    logLevel: 'silent',
  });
  const child = startChild(process.execPath, [outfile], {
    env: { PATH: process.env.PATH, SERVICE_NAME: name, PORT: '0', ...environment },
  });
  let written = '';
  child.process.stdout?.on('data', (chunk: Buffer) => {
    written += chunk.toString();
  });
  const lines = () => written.split('\n').filter((line) => line !== '');
  const url = await eventually(
    `${name} listens`,
    async () => {
      const line = lines().find((candidate) => candidate.includes('"message":"listening"'));
      if (line === undefined) throw new Error(child.output());
      return (JSON.parse(line) as { context: { url: string } }).context.url;
    },
    { timeoutMs: 60_000, everyMs: 10 },
  );
  return {
    url,
    pid: child.process.pid ?? 0,
    lines,
    async healthy() {
      await eventually(
        `${name} is healthy`,
        async () => {
          const response = await fetch(`${url}/health`);
          if (response.status !== 200) throw new Error(await response.text());
        },
        { timeoutMs: 60_000 },
      );
    },
    kill: () => endChild(child.process, 'SIGKILL'),
    async stop() {
      await endChild(child.process, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
      return child.process.exitCode;
    },
  };
}
