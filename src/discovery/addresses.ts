import type { Address } from '../model/discovery.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1']);
/** Sockets that take connections to every address of the machine. */
const WILDCARD = new Set(['0.0.0.0', '::', '*']);

/** True for an address that only this machine reaches, or that stands for all of this machine. */
export function isLocal(host: string): boolean {
  return LOOPBACK.has(host) || WILDCARD.has(host) || host.startsWith('127.');
}

/** One text for all ways to write an address of this machine. */
export function socketKey({ host, port }: Address): string {
  return `${isLocal(host) ? '127.0.0.1' : host}:${port}`;
}

/** `127.0.0.1:8000`, `[::1]:8000`. */
export function addressText({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The address to connect to: a socket for all addresses is reached on loopback. */
export function reachable({ host, port }: Address): Address {
  if (host === '::1') return { host, port };
  return { host: isLocal(host) ? '127.0.0.1' : host, port };
}
