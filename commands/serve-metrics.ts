import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Context } from '../src/context.ts';
import { EXIT, messageOf, QbtcError } from '../src/errors.ts';
import type { MetricsSnapshot } from '../src/model/metrics.ts';
import { loadReporter } from '../src/report/index.ts';

const HOST = '127.0.0.1';
const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Gives the metrics to whoever asks at `/metrics`, each time taken anew, until it is interrupted.
 *
 * @throws QbtcError `PORT_TAKEN`
 */
export async function serveMetrics(
  { io, interrupted }: Pick<Context, 'io' | 'interrupted'>,
  port: number,
  take: () => Promise<MetricsSnapshot>,
): Promise<void> {
  const print = await loadReporter('prometheus', 'metrics');
  // One look serves all who ask meanwhile.
  let looking: Promise<MetricsSnapshot> | undefined;
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end('/metrics\n');
      return;
    }
    looking ??= take().finally(() => {
      looking = undefined;
    });
    looking.then(
      (snapshot) => {
        const text = print({ kind: 'metrics', ...snapshot }, { width: 80, color: false, verbose: false });
        response.writeHead(200, { 'content-type': TYPE }).end(`${text}\n`);
      },
      (error: unknown) => response.writeHead(500).end(`${messageOf(error)}\n`),
    );
  });
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new QbtcError('PORT_TAKEN', `port ${port} cannot be listened on: ${messageOf(error)}`, {
      exit: EXIT.usage,
      hint: 'name another port with --serve',
      cause: error,
    });
  }
  io.err(`http://${HOST}:${port}/metrics (Ctrl-C ends it)`);
  if (!interrupted.aborted) await once(interrupted, 'abort');
  server.closeAllConnections();
  server.close();
}
