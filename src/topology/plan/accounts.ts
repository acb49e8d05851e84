import type { FieldChange } from '../../model/plan.ts';
import type { BrokerAccount } from '../../model/topology.ts';
import type { ObservedAccount } from '../observed.ts';
import { isHashOf } from '../password.ts';
import { IN_PLACE, type TopologyStep } from './step.ts';

/** Accounts that are missing, have another password, or may do something else than they should. */
export function planAccounts(
  accounts: readonly BrokerAccount[],
  there: readonly ObservedAccount[],
): TopologyStep[] {
  const byName = new Map(there.map((account) => [account.user, account]));
  return accounts.flatMap((account): TopologyStep[] => {
    const existing = byName.get(account.user);
    const fields = existing === undefined ? [] : differences(account, existing);
    if (existing !== undefined && fields.length === 0) return [];
    const { user: name } = account;
    const change =
      existing === undefined
        ? { action: 'create' as const, kind: 'user', name, reason: IN_PLACE }
        : { action: 'update' as const, kind: 'user', name, reason: IN_PLACE, fields };
    return [{ id: `user/${name}`, change, target: { kind: 'account', account }, needs: [] }];
  });
}

function differences(account: BrokerAccount, there: ObservedAccount): FieldChange[] {
  const fields: FieldChange[] = [];
  if (!isHashOf(there.passwordHash, account.password))
    fields.push({ path: 'password', from: 'another', to: 'the one of this stack' });
  for (const part of ['configure', 'write', 'read'] as const) {
    const from = there.permission?.[part];
    const to = account[part];
    if (from !== to) fields.push({ path: part, ...(from === undefined ? {} : { from }), to });
  }
  return fields;
}
