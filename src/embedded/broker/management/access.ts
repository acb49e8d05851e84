import type { Account } from '../access/accounts.ts';
import type { Access } from '../access/rights.ts';
import { ManagementError, type Request } from './resource.ts';
import { hasRole, type Role } from './roles.ts';

const REFUSALS: Readonly<Record<Role, string>> = {
  management: 'Not management user',
  policymaker: 'User not authorised to access object',
  monitoring: 'Not monitor user',
  administrator: 'Not administrator user',
};

/** Throws 401. */
export function assertRole(account: Account, role: Role): void {
  if (!hasRole(account, role)) throw new ManagementError(401, 'not_authorised', REFUSALS[role]);
}

/** Throws 401 unless the account may open the virtual host, or is an administrator. */
export function assertMayOpen({ state, account, path }: Request): void {
  const name = path.vhost;
  if (name === undefined || state.vhosts.get(name) === undefined) return;
  if (hasRole(account, 'administrator')) return;
  if (state.vhosts.accounts.rightsOf(account.name, name) !== undefined) return;
  throw new ManagementError(401, 'not_authorised', 'User not authorised to access virtual host');
}

/** Throws the broker's own refusal, as a client would get it. */
export function assertMay(
  { state, account, path }: Request,
  access: Access,
  kind: 'queue' | 'exchange',
  name: string,
): void {
  const vhost = path.vhost ?? '';
  const rights = state.vhosts.accounts.rightsOf(account.name, vhost);
  if (rights === undefined) throw new ManagementError(401, 'not_authorised', 'Access refused.');
  rights.assert(access, kind, name, vhost);
}
