import type { Exchange, Policy } from '../../model/topology.ts';
import { difference } from '../../reconcile/difference.ts';
import { overridingPolicy } from './override.ts';
import { exchangeStep, IN_PLACE, NEEDS_MIGRATION, THROUGH_POLICY, type TopologyStep } from './step.ts';

/** A missing exchange is created; one that differs gets a policy where that is enough, and is left as it is otherwise. */
export function planExchange(
  exchange: Exchange,
  there: Exchange | undefined,
  policies: readonly Policy[],
): { step?: TopologyStep; policy?: Policy } {
  const { name } = exchange;
  const target = { kind: 'exchange' as const, exchange };
  const id = exchangeStep(name);
  if (!there) {
    const change = { action: 'create' as const, kind: 'exchange', name, reason: IN_PLACE };
    return { step: { id, change, target, needs: [] } };
  }
  const fields = difference(exchange, there);
  if (fields.length === 0) return {};
  const update = { action: 'update' as const, kind: 'exchange', name, fields };
  const alternate = exchange.arguments['alternate-exchange'];
  const [only] = fields;
  if (fields.length === 1 && only?.path === 'arguments.alternate-exchange' && only.from === undefined) {
    const policy = overridingPolicy('exchanges', name, { 'alternate-exchange': alternate }, policies);
    const step = {
      id,
      change: { ...update, reason: THROUGH_POLICY },
      target: { kind: 'policy' as const, policy },
      needs: [],
    };
    return { step, policy };
  }
  const paths = fields.map((field) => field.path.replace(/^arguments\./, '')).join(', ');
  const blocked = `${NEEDS_MIGRATION}: RabbitMQ cannot change ${paths} of an exchange that is there; declare it under a new name, move its publishers and bindings, then delete it`;
  return {
    step: {
      id,
      change: { ...update, reason: NEEDS_MIGRATION, needsMigration: true, blocked },
      target,
      needs: [],
    },
  };
}
