import { hostname } from 'node:os';
import type { Instance } from './index.ts';

const EVERY_ADDRESS = new Set(['0.0.0.0', '::', '']);

/** Where others reach a service that listens there: one that listens everywhere is known by the name of its machine. */
export function advertisedHost(listening: string): string {
  return EVERY_ADDRESS.has(listening) ? hostname() : listening;
}

/** Where the instance answers; IPv6 addresses stand in brackets. */
export function urlOf({ protocol, host, port }: Instance, path: string): string {
  return `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
}
