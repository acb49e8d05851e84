import type { Endpoint } from '../model/resource.ts';
import type { Desired } from './desired.ts';
import { passwordHash } from './password.ts';

/**
 * RabbitMQ's own form of what a vhost holds, with the stack's account and those of its services: a broker that loads it
 * when it starts has what `topology apply` would make. Holds no password, only hashes.
 */
export function definitionsOf(
  { topology, accounts }: Desired,
  { user = '', password = '', vhost = '/' }: Endpoint,
): object {
  const within = <T>(items: readonly T[]) => items.map((item) => ({ ...item, vhost }));
  const account = (name: string, secret: string, tags: string) => ({
    name,
    password_hash: passwordHash(secret),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags,
  });
  const limits = Object.entries(topology.limits).filter(([, value]) => value !== undefined);
  return {
    users: [
      account(user, password, 'administrator'),
      ...accounts.map((each) => account(each.user, each.password, '')),
    ],
    vhosts: [{ name: vhost }],
    permissions: [
      { user, vhost, configure: '.*', write: '.*', read: '.*' },
      ...accounts.map(({ user: name, configure, write, read }) => ({
        user: name,
        vhost,
        configure,
        write,
        read,
      })),
    ],
    ...(limits.length === 0
      ? {}
      : {
          parameters: [
            { vhost, component: 'vhost-limits', name: 'limits', value: Object.fromEntries(limits) },
          ],
        }),
    policies: within(topology.policies),
    exchanges: within(topology.exchanges),
    queues: within(topology.queues),
    bindings: within(topology.bindings),
  };
}
