import { createHash } from 'node:crypto';
import type { Endpoint } from '../model/resource.ts';
import type { Topology } from '../model/topology.ts';

/**
 * RabbitMQ's own form of what a vhost holds, with the stack's user: a broker that loads it when it starts has what
 * `topology apply` would make. Holds no password, only its hash.
 */
export function definitionsOf(
  topology: Topology,
  { user = '', password = '', vhost = '/' }: Endpoint,
): object {
  const within = <T>(items: readonly T[]) => items.map((item) => ({ ...item, vhost }));
  return {
    users: [
      {
        name: user,
        password_hash: passwordHash(password),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: 'administrator',
      },
    ],
    vhosts: [{ name: vhost }],
    permissions: [{ user, vhost, configure: '.*', write: '.*', read: '.*' }],
    exchanges: within(topology.exchanges),
    queues: within(topology.queues),
    bindings: within(topology.bindings),
  };
}

/**
 * Base64 of a salt of four bytes and SHA-256 of salt and password (RabbitMQ, "Credentials and Passwords"). The salt
 * follows from the password, so that the same definitions are the same text.
 */
function passwordHash(password: string): string {
  const salt = createHash('sha256').update(`qbtc ${password}`).digest().subarray(0, 4);
  const hash = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}
