import type { Access } from '../access/rights.ts';
import { AmqpError } from '../errors.ts';
import type { VirtualHost } from '../virtual-host/virtual-host.ts';
import type { VirtualHosts } from '../virtual-host/virtual-hosts.ts';

/** A virtual host that an account has been let into, and what it may do there. */
export interface Admission {
  vhost: VirtualHost;
  /** Throws ACCESS_REFUSED when the account may not. */
  assertMay(access: Access, kind: 'queue' | 'exchange', name: string): void;
}

/** Lets an account into a virtual host. Throws NOT_ALLOWED. */
export function admit(
  { vhosts, connectionsTo }: { vhosts: VirtualHosts; connectionsTo(vhost: string): number },
  username: string,
  name: string,
): Admission {
  const vhost = vhosts.get(name);
  if (vhost === undefined) throw new AmqpError('NOT_ALLOWED', `vhost ${name} not found`);
  const { accounts } = vhosts;
  const refused = `access to vhost '${name}' refused for user '${username}'`;
  if (accounts.rightsOf(username, name) === undefined) throw new AmqpError('NOT_ALLOWED', refused);
  const limit = vhost.limits['max-connections'];
  if (limit !== undefined && limit >= 0 && connectionsTo(name) >= limit)
    throw new AmqpError('NOT_ALLOWED', `${refused}: connection limit (${limit}) is reached`);
  return {
    vhost,
    // Permissions may change while the connection lives.
    assertMay: (access, kind, resource) => {
      const rights = accounts.rightsOf(username, name);
      if (rights === undefined) throw new AmqpError('ACCESS_REFUSED', refused);
      rights.assert(access, kind, resource, name);
    },
  };
}
