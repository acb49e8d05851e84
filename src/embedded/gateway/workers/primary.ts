import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import type { Log } from '../../program.ts';
import { openControl } from '../control.ts';
import { MemoryCounters } from '../counters/memory.ts';
import { keepCounters } from '../counters/remote.ts';
import type { GatewayConfiguration, RunningGateway } from '../gateway.ts';
import { type ListenedPorts, listenAll } from '../listening.ts';
import { workerCount } from './count.ts';
import { Fleet } from './fleet.ts';
import { GatheredMetrics } from './gathered-metrics.ts';
import { HealthKeeper } from './health-keeper.ts';
import { entriesOf } from './replica.ts';

const TICKET_KEY_BYTES = 48;

/**
 * Starts the gateway as several processes. This one keeps what they share: resources, counts of limits, what is known of
 * nodes; it has the Admin API and the ports. It accepts connections and gives them to the workers, which serve them.
 * Resolves when all of them do. Throws `QbtcError` when a port is taken, the kept state cannot be read, or the workers end.
 */
export async function startPrimary(configuration: GatewayConfiguration, log: Log): Promise<RunningGateway> {
  const { host, fallback = false, secretsFolder } = configuration;
  const size = workerCount(configuration);
  const control = await openControl(configuration, log);
  const { store } = control;
  const counters = new MemoryCounters(Date.now);
  const nodes = new HealthKeeper((message) => fleet.tellAll(message));
  const metrics = new GatheredMetrics();
  const ticketKeys = randomBytes(TICKET_KEY_BYTES).toString('base64');
  const servers: Server[] = [];
  let listened: ListenedPorts | undefined;
  let draining = false;

  const fleet: Fleet = new Fleet({
    size,
    log,
    begin: (worker) => ({
      kind: 'begin',
      settings: { worker, fallback, secretsFolder, ticketKeys, tlsPort: listened?.tlsPort },
      entries: entriesOf(store),
    }),
    handlers: (worker) => {
      let questions: (message: unknown) => void = () => {};
      keepCounters(counters, {
        send: (replies) => worker.send({ kind: 'counts', replies }),
        onMessage: (listener) => {
          questions = listener;
        },
        onClose: (listener) => void worker.ended.then(listener),
      });
      return {
        count: (message) => questions(message.questions),
        watch: (message) => nodes.watch(worker, message),
        unwatch: (message) => nodes.unwatch(worker, message),
        outcome: (message) => nodes.take(message),
        event: (message) => fleet.tellAll(message),
        metrics: (message) => metrics.take(worker, message),
        'metrics of all?': async ({ number }) => {
          worker.send({ kind: 'metrics of all', number, text: await metrics.text(fleet.workers) });
        },
      };
    },
    joined: (worker) => nodes.join(worker),
    gone(worker) {
      nodes.leave(worker);
      metrics.leave(worker);
    },
  });
  store.onChange((change) => fleet.tellChange(change));

  async function close(): Promise<void> {
    draining = true;
    for (const server of servers) server.close();
    await Promise.all([control.drain(), fleet.close()]);
    nodes.close();
    await store.close();
  }

  try {
    listened = await listenAll(configuration, log, (secure) => {
      const server = createServer({ pauseOnConnect: true }, (socket) => fleet.accept(socket, secure));
      servers.push(server);
      return server;
    });
    await fleet.start();
    const { port, tlsPort } = listened;
    const adminPort = await control.listen({
      metrics: () => metrics.text(fleet.workers),
      state: () => ({ draining, workers: { living: fleet.living, of: size } }),
      inForce: () => fleet.inForce(),
    });
    const routes = store.list('routes').length;
    log('info', 'the gateway listens', { host, port, adminPort, tlsPort, routes, workers: size });
    return { host, port, adminPort, tlsPort, close };
  } catch (error) {
    await close();
    throw error;
  }
}
