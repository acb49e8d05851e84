import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import fastify, { type FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { addSimulator, type Simulator, type SimulatorOptions } from '../src/server.ts';

export const CREDENTIALS = { key: 'simulator-key', secret: 'simulator-secret' };

/** A simulated exchange on a port of its own, for one test. */
export async function startSimulator(
  changes: Partial<SimulatorOptions> = {},
): Promise<Simulator & { url: string; server: FastifyInstance }> {
  const server = fastify();
  const simulator = addSimulator(server, {
    symbols: ['BTCUSDT', 'ETHUSDT'],
    seed: 26,
    speed: 1,
    credentials: CREDENTIALS,
    balances: { USDT: 10_000_000_000_000n },
    ...changes,
  });
  const url = await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(async () => {
    await simulator.close();
    await server.close();
  });
  return { ...simulator, url, server };
}

/** A signed request, as Binance documents it. */
export async function signed(
  url: string,
  method: string,
  path: string,
  parameters: Record<string, string | number>,
  changes: { key?: string; secret?: string; timestamp?: number; tamper?: string } = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const query = new URLSearchParams({
    ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])),
    timestamp: String(changes.timestamp ?? Date.now()),
  }).toString();
  const signature = createHmac('sha256', changes.secret ?? CREDENTIALS.secret)
    .update(query)
    .digest('hex');
  const answer = await fetch(`${url}${path}?${query}${changes.tamper ?? ''}&signature=${signature}`, {
    method,
    headers: { 'x-mbx-apikey': changes.key ?? CREDENTIALS.key },
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

/** A WebSocket connection with all that it was sent. */
export async function listen(
  url: string,
): Promise<{ socket: WebSocket; messages: Record<string, unknown>[]; until(count: number): Promise<void> }> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'));
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data))));
  await once(socket, 'open');
  onTestFinished(() => socket.terminate());
  return {
    socket,
    messages,
    async until(count) {
      while (messages.length < count) await once(socket, 'message');
    },
  };
}
