import { get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What the supervisor can ask on its own: a health path that answers as it should (with 2xx, where no statuses are named),
 * a port that takes connections, or that it has lived for a while.
 */
export type ReadyCheck = { url: string; well?: readonly number[] } | { port: number } | { livesMs: number };

const TIMEOUT_MS = 5_000;

/** Asks once. Never rejects. Whether it still lives after that while is for the caller to see. */
export function isReady(check: ReadyCheck): Promise<boolean> {
  if ('livesMs' in check) return sleep(check.livesMs, true);
  return 'url' in check ? answers(check) : accepts(check.port);
}

function answers({ url, well }: { url: string; well?: readonly number[] }): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: TIMEOUT_MS, agent: false }, (response) => {
      response.resume();
      const { statusCode = 0 } = response;
      resolve(well === undefined ? statusCode >= 200 && statusCode <= 299 : well.includes(statusCode));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: TIMEOUT_MS });
    const end = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.once('connect', () => end(true));
    socket.once('timeout', () => end(false));
    socket.once('error', () => end(false));
  });
}
