import { get } from 'node:http';
import { connect } from 'node:net';

/** What the supervisor can ask on its own: a health path that answers 200, or a port that takes connections. */
export type ReadyCheck = { url: string } | { port: number };

const TIMEOUT_MS = 5_000;

/** Asks once. Never rejects. */
export function isReady(check: ReadyCheck): Promise<boolean> {
  return 'url' in check ? answers(check.url) : accepts(check.port);
}

function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: TIMEOUT_MS, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
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
