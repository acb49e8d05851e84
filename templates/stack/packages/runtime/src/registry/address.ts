import { hostname } from 'node:os';

const EVERY_ADDRESS = new Set(['0.0.0.0', '::', '']);

/** Where others reach a service that listens there: one that listens everywhere is known by the name of its machine. */
export function advertisedHost(listening: string): string {
  return EVERY_ADDRESS.has(listening) ? hostname() : listening;
}
