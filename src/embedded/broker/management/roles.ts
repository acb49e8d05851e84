import type { Account } from '../access/accounts.ts';

/** What an account needs to be for a resource; administrators are everything, monitors also see the management of others. */
export type Role = 'management' | 'policymaker' | 'monitoring' | 'administrator';

/** The tags that include a role (https://www.rabbitmq.com/docs/management#permissions). */
const INCLUDED_IN: Readonly<Record<Role, readonly string[]>> = {
  management: ['management', 'policymaker', 'monitoring', 'administrator'],
  policymaker: ['policymaker', 'administrator'],
  monitoring: ['monitoring', 'administrator'],
  administrator: ['administrator'],
};

export function hasRole({ tags }: Account, role: Role): boolean {
  return INCLUDED_IN[role].some((tag) => tags.includes(tag));
}
