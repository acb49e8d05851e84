import { freemem, totalmem } from 'node:os';
import { type Check, fail, pass, warning } from '../check.ts';

const GIB = 1024 ** 3;
/** An embedded stack takes some 600 MB, one with RabbitMQ, Redis, PostgreSQL and APISIX in Docker about 2 GB. */
const WANTED = 2 * GIB;
const LEAST = 0.75 * GIB;

/** Whether there is memory for the stack. */
export const memory: Check = async () => {
  const free = freemem();
  const found = `${(free / GIB).toFixed(1)} of ${(totalmem() / GIB).toFixed(1)} GiB are free`;
  if (free >= WANTED) return pass(found);
  return free >= LEAST
    ? warning(
        `${found}: enough for embedded parts, little for Docker`,
        'end other programs, or: qbtc up --strategy fallback',
      )
    : fail(found, 'end other programs: the smallest stack needs 0.75 GiB');
};
