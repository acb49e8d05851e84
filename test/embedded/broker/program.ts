import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import amqp, { type ChannelModel } from 'amqplib';
import { build } from 'esbuild';

// Inside the checkout, so that the bundle finds its packages.
const here = fileURLToPath(new URL('.', import.meta.url));
const account = { user: 'tester', password: 'secret-of-the-test' };

export interface Line {
  level: string;
  message: string;
  context: Record<string, unknown>;
}

export interface BrokerProcess {
  child: ChildProcess;
  /** The exit code; `null` after a signal. */
  exit: Promise<number | null>;
  /** The AMQP port, once it accepts connections. */
  listening: Promise<number>;
  connect(): Promise<ChannelModel>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  lines(): Line[];
  text(): string;
}

/** The broker as the program that `up` starts: bundled once, started as often as one likes. */
export class BrokerProgram {
  private readonly folder: string;
  private readonly running = new Set<BrokerProcess>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async build(): Promise<BrokerProgram> {
    const program = new BrokerProgram(await mkdtemp(join(here, '.run-')));
    await build({
      entryPoints: ['src/embedded/broker/main.ts'],
      outfile: program.path,
      bundle: true,
      format: 'esm',
      platform: 'node',
      packages: 'external',
      logLevel: 'error',
    });
    return program;
  }

  private get path(): string {
    return join(this.folder, 'broker.mjs');
  }

  /** Ends what a failed test has left running. */
  async killAll(): Promise<void> {
    await Promise.all([...this.running].map((broker) => broker.kill()));
  }

  async remove(): Promise<void> {
    await this.killAll();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Starts it; gives its log lines as they come, and how it ends. */
  start(changes: object = {}): BrokerProcess {
    const configuration = {
      host: '127.0.0.1',
      port: 0,
      managementPort: 0,
      ...account,
      vhost: '/',
      ...changes,
    };
    const child = spawn(process.execPath, [this.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { QBTC_EMBEDDED: JSON.stringify(configuration) },
    });
    let text = '';
    const lines = () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line);
    const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
    const listening = new Promise<number>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const line = lines().find(({ message }) => message === 'broker listening');
        if (line !== undefined) resolve(Number(line.context.port));
      });
      void exit.then(() => reject(new Error(`the broker did not start: ${text}`)));
    });
    listening.catch(() => undefined);
    const connect = async (): Promise<ChannelModel> => {
      const connection = await amqp.connect(
        {
          hostname: '127.0.0.1',
          port: await listening,
          username: account.user,
          password: account.password,
        },
        { noDelay: true },
      );
      connection.on('error', () => undefined);
      return connection;
    };
    const kill = async () => {
      child.kill('SIGKILL');
      await exit;
    };
    const broker: BrokerProcess = { child, exit, listening, connect, kill, lines, text: () => text };
    this.running.add(broker);
    void exit.then(() => this.running.delete(broker));
    return broker;
  }
}
