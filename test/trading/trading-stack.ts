import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { query } from '@stack/testing/postgres';
import { expect } from 'vitest';
import type { Stack } from '../../src/model/stack.ts';
import { newStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { qbtc } from '../support/qbtc.ts';
import type { Trend } from './trend.ts';

/** The trading service as a process that the test starts and kills itself. */
export interface TradingProcess {
  pid: number;
  /** Its log, line by line. */
  lines(): { message: string; level: string; context?: Record<string, unknown> }[];
  kill(): Promise<void>;
}

/** A stack in which everything runs but the trading service, which the test runs itself: no supervisor starts it again. */
export interface TradingStack {
  root: string;
  stack: Stack;
  /** Resolves when it trades, or with `waits: false` at once. */
  start(environment?: Record<string, string>, options?: { waits: boolean }): Promise<TradingProcess>;
  /** The API of the service, with the control key. */
  call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Body }>;
  rows<Row = Record<string, string>>(sql: string): Promise<Row[]>;
  /** A signed request to the simulated exchange. */
  exchange<Body>(method: string, path: string, parameters?: Record<string, string>): Promise<Body>;
  /** `POST /simulator/market`. */
  market(change: { symbol: string; jump?: number } | ({ symbol: string } & Trend)): Promise<void>;
  fault(fault: Record<string, unknown> & { kind: string }): Promise<void>;
  /** No faults that are still to come. */
  calm(): Promise<void>;
  kill(resource: string): Promise<void>;
  takeDown(): Promise<void>;
}

const STARTED_MS = 60_000;

export async function tradingStack(name: string): Promise<TradingStack> {
  const [root, takeDown] = await newStack(name);
  const up = await qbtc(['up'], root);
  expect(up.code, up.stderr).toBe(0);
  expect((await qbtc(['stop', 'trading-hft'], root)).code).toBe(0);
  const stack = await openStackAt(root);
  const print = 'process.stdout.write(JSON.stringify(process.env))';
  const printed = await qbtc(['exec', 'trading-hft', '--', process.execPath, '-e', print], root);
  const environment = JSON.parse(printed.stdout) as Record<string, string>;
  const program = await newest(join(root, '.qbtc', 'build'), /^trading-hft-[0-9a-f]+\.cjs$/);
  const port = (service: string) => stack.services.find((each) => each.name === service)?.port;
  const database = stack.resources.find(({ kind }) => kind === 'postgres')?.endpoint.url ?? '';
  const simulator = `http://127.0.0.1:${port('exchange-simulator')}`;
  const running = new Set<ChildProcess>();
  const post = async (path: string, body: object) => {
    const answer = await fetch(simulator + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.text()).toBe(200);
  };

  return {
    root,
    stack,
    async start(own = {}, { waits } = { waits: true }) {
      const child = spawn(process.execPath, [program], {
        env: { ...environment, ...own },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      running.add(child);
      child.once('exit', () => running.delete(child));
      let written = '';
      child.stdout.on('data', (chunk) => {
        written += String(chunk);
      });
      const lines = () =>
        written
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as ReturnType<TradingProcess['lines']>[number]);
      const deadline = Date.now() + STARTED_MS;
      while (waits && !(await isReady(`http://127.0.0.1:${port('trading-hft')}`))) {
        if (Date.now() > deadline || child.exitCode !== null)
          throw new Error(`the trading service did not begin to trade:\n${written.slice(-3_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return {
        pid: child.pid ?? 0,
        lines,
        async kill() {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const ended = once(child, 'exit');
          child.kill('SIGKILL');
          await ended;
        },
      };
    },
    async call(method, path, body, headers = {}) {
      const answer = await fetch(`http://127.0.0.1:${port('trading-hft')}${path}`, {
        method,
        headers: {
          'x-control-key': stack.secrets['trading-control-key'] ?? '',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: (await answer.json()) as never };
    },
    rows: async <Row>(sql: string) => (await query(database, sql)) as Row[],
    async exchange(method, path, parameters = {}) {
      const text = new URLSearchParams({ ...parameters, timestamp: String(Date.now()) }).toString();
      const signature = createHmac('sha256', stack.secrets['simulator-secret'] ?? '')
        .update(text)
        .digest('hex');
      const answer = await fetch(`${simulator}${path}?${text}&signature=${signature}`, {
        method,
        headers: { 'x-mbx-apikey': stack.secrets['simulator-key'] ?? '' },
      });
      return (await answer.json()) as never;
    },
    market: (change) => post('/simulator/market', change),
    fault: (fault) => post('/simulator/faults', fault),
    async calm() {
      await fetch(`${simulator}/simulator/faults`, { method: 'DELETE' });
    },
    async kill(resource) {
      const { stdout } = await qbtc(['status', '--json'], root);
      const { resources } = JSON.parse(stdout) as { resources: { name: string; pid: number | null }[] };
      const pid = resources.find((each) => each.name === resource)?.pid;
      if (typeof pid !== 'number') throw new Error(`${resource} has no process`);
      process.kill(-pid, 'SIGKILL');
    },
    async takeDown() {
      for (const child of running) child.kill('SIGKILL');
      await takeDown();
    },
  };
}

/** It trades, its books are in step, its indicators are warm, and the broker is there. */
async function isReady(url: string): Promise<boolean> {
  try {
    const health = (await (await fetch(`${url}/health`)).json()) as { status: string };
    const status = (await (await fetch(`${url}/api/trading/status`)).json()) as {
      trading: boolean;
      symbols: { synced: boolean; indicators: object | null }[];
    };
    const isWarm = status.symbols.every(({ synced, indicators }) => synced && indicators !== null);
    return health.status === 'healthy' && status.trading && isWarm;
  } catch {
    return false;
  }
}

async function newest(folder: string, pattern: RegExp): Promise<string> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name));
  const files = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  );
  const [last] = files.sort((a, b) => b.at - a.at);
  if (last === undefined) throw new Error(`no bundle in ${folder}`);
  return join(folder, last.name);
}
