import { connect, createServer } from 'node:net';
import {
  amongOutgoing,
  awayFromOutgoing,
  describeOutgoing,
  MAX_PORT,
  MAX_PORT_BASE,
  REFUSED_BY_FETCH,
} from '../config/ports.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { OutgoingPorts } from '../model/observation.ts';

const STEP = 1_000;
const LAST_BASE = 20_000;
const LOOPBACK = ['127.0.0.1', '::1'] as const;
/** Loopback answers at once; only a firewall that drops packets lets us wait. */
const CONNECT_MS = 500;

/**
 * The first of 0, 1000, 2000 … 20000 at which every port is free, and none is one that `fetch` refuses or that the
 * machine gives to outgoing connections.
 * @throws QbtcError PORTS_TAKEN when there is none
 */
export async function pickPortBase(
  ports: readonly number[],
  isFree: (port: number) => Promise<boolean> = isPortFree,
  outgoing?: OutgoingPorts,
): Promise<number> {
  for (let base = 0; base <= LAST_BASE; base += STEP) {
    const shifted = ports.map((port) => port + base);
    if (amongOutgoing(shifted, outgoing).length > 0) continue;
    if (shifted.every(isUsable) && (await allFree(shifted, isFree))) return base;
  }
  throw new QbtcError(
    'PORTS_TAKEN',
    `At every port base up to ${LAST_BASE} one of the stack's ports is taken`,
    {
      details: [`ports at base 0: ${ports.join(', ')}`],
      hint: 'Choose one yourself: qbtc new NAME --port-base N',
    },
  );
}

/**
 * Gives the base back when it can be one for these ports.
 * @throws QbtcError PORT_BASE_INVALID
 */
export function checkPortBase(base: number, ports: readonly number[], outgoing?: OutgoingPorts): number {
  const highest = Math.min(MAX_PORT_BASE, MAX_PORT - Math.max(0, ...ports));
  if (Number.isInteger(base) && base >= 0 && base <= highest) {
    const refused = ports.map((port) => port + base).filter((port) => REFUSED_BY_FETCH.has(port));
    const given = amongOutgoing(
      ports.map((port) => port + base),
      outgoing,
    );
    if (outgoing !== undefined && given.length > 0) {
      throw new QbtcError('PORT_BASE_INVALID', `${base} cannot be the port base of this stack`, {
        details: [describeOutgoing(given, outgoing)],
        hint: `Choose ${awayFromOutgoing(Math.max(...ports), outgoing, 'qbtc new NAME')}`,
        exit: EXIT.usage,
      });
    }
    if (refused.length === 0) return base;
    throw new QbtcError('PORT_BASE_INVALID', `${base} cannot be the port base of this stack`, {
      details: [`browsers and fetch refuse port ${refused.join(', ')}`],
      hint: `Choose another: --port-base ${base + STEP}`,
      exit: EXIT.usage,
    });
  }
  throw new QbtcError('PORT_BASE_INVALID', `${base} cannot be the port base of this stack`, {
    hint: `Choose a whole number from 0 to ${highest}: --port-base 2000`,
    exit: EXIT.usage,
  });
}

function isUsable(port: number): boolean {
  return port <= MAX_PORT && !REFUSED_BY_FETCH.has(port);
}

async function allFree(
  ports: readonly number[],
  isFree: (port: number) => Promise<boolean>,
): Promise<boolean> {
  for (const port of ports) if (!(await isFree(port))) return false;
  return true;
}

/**
 * True when nothing listens on the port and we can. Binding alone does not tell everywhere: BSD and macOS let a
 * loopback address be bound beside a holder of all addresses, which then answers instead of us. So both are tried,
 * on loopback only: nothing opens a port to the network, not even for a moment.
 */
export async function isPortFree(port: number): Promise<boolean> {
  for (const host of LOOPBACK) {
    if ((await answers(host, port)) || !(await bindable(host, port))) return false;
  }
  return true;
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(CONNECT_MS, () => settle(false));
    // In the ephemeral range TCP may connect a socket to itself; that is nobody's answer.
    socket.once('connect', () => settle(socket.localPort !== port));
    socket.once('error', () => settle(false));
  });
}

function bindable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      // A machine without IPv6 has no ::1 that anything could hold.
      resolve(host === '::1' && (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT'));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
