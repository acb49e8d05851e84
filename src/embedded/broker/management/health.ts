import { Message } from '../message.ts';
import { assertMay } from './access.ts';
import { listenersOf, protocolNamed } from './listeners.ts';
import {
  type Answer,
  badRequest,
  objectNotFound,
  ok,
  type Request,
  type Resource,
  vhostOf,
} from './resource.ts';

const SINGLE_NODE = { status: 'ok', reason: 'single node cluster' };
const UNITS = ['days', 'weeks', 'months', 'years'];
const ALIVENESS_QUEUE = 'aliveness-test';

/** The health checks of RabbitMQ 3.10: 200 when all is well, 503 with the reason when it is not. */
export const health: Resource[] = [
  { path: '/api/health/checks/alarms', GET: alarms },
  { path: '/api/health/checks/local-alarms', GET: alarms },
  { path: '/api/health/checks/virtual-hosts', GET: () => ok({ status: 'ok' }) },
  { path: '/api/health/checks/node-is-mirror-sync-critical', GET: () => ok(SINGLE_NODE) },
  { path: '/api/health/checks/node-is-quorum-critical', GET: () => ok(SINGLE_NODE) },
  {
    path: '/api/health/checks/port-listener/:port',
    GET: ({ state, path }) => {
      if (!/^[+-]?\d+$/.test(path.port ?? '')) throw badRequest('Invalid port');
      const port = Number(path.port);
      const ports = listenersOf(state).map((listener) => listener.port);
      return ports.includes(port)
        ? ok({ status: 'ok', port })
        : failed('No active listener', { missing: port, ports });
    },
  },
  {
    path: '/api/health/checks/protocol-listener/:protocol',
    GET: ({ state, path }) => {
      const protocol = protocolNamed(path.protocol ?? '');
      const protocols: string[] = listenersOf(state).map((listener) => listener.protocol);
      return protocols.includes(protocol)
        ? ok({ status: 'ok', protocol })
        : failed('No active listener', { missing: protocol, protocols });
    },
  },
  {
    path: '/api/health/checks/certificate-expiration/:within/:unit',
    GET: ({ path }) => {
      if (!/^[+-]?\d+$/.test(path.within ?? '')) throw badRequest('Invalid expiration value.');
      if (!UNITS.includes(path.unit ?? ''))
        throw badRequest('Time unit not recognised. Supported units: days, weeks, months, years.');
      // There are no listeners with certificates.
      return ok({ status: 'ok' });
    },
  },
  // These two are older than the others, and tools still ask for them.
  { path: '/api/healthchecks/node', GET: () => ok({ status: 'ok' }) },
  {
    path: '/api/healthchecks/node/:node',
    GET: ({ state, path }) => {
      if (path.node !== state.nodeName) throw objectNotFound();
      return ok({ status: 'ok' });
    },
  },
  { path: '/api/aliveness-test/:vhost', GET: aliveness },
];

/** With an alarm RabbitMQ answers 503 and lists it. */
function alarms({ state }: Request): Answer {
  if (!state.memory.raised) return ok({ status: 'ok' });
  const alarm = { node: state.nodeName, resource: 'memory' };
  return failed('There are alarms in effect in the cluster', { alarms: [alarm] });
}

/** A message goes through a queue, which stays for the next time. */
function aliveness(request: Request): Answer {
  const vhost = vhostOf(request);
  for (const access of ['configure', 'read'] as const) assertMay(request, access, 'queue', ALIVENESS_QUEUE);
  assertMay(request, 'write', 'exchange', '');
  const queue = vhost.declareQueue(ALIVENESS_QUEUE, {
    durable: false,
    autoDelete: false,
    exclusiveOwner: undefined,
    arguments: new Map(),
  });
  queue.publish(Message.of('', ALIVENESS_QUEUE, {}, Buffer.from('test_message')));
  return queue.get(true) === undefined ? failed('aliveness-test queue is empty', {}) : ok({ status: 'ok' });
}

function failed(reason: string, details: object): Answer {
  return { status: 503, body: { status: 'failed', reason, ...details } };
}
