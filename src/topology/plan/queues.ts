import type { Policy, Queue } from '../../model/topology.ts';
import { difference } from '../../reconcile/difference.ts';
import type { ObservedQueue } from '../observed.ts';
import { overridingPolicy, settingsFor } from './override.ts';
import { IN_PLACE, NEEDS_MIGRATION, queueStep, THROUGH_POLICY, type TopologyStep } from './step.ts';

/**
 * A missing queue is created. One that differs gets a policy where that is enough (`policy`, which must stay as long as
 * the queue is as it is); otherwise only a migration can change it.
 */
export function planQueue(
  queue: Queue,
  there: ObservedQueue | undefined,
  { defaultType, policies }: { defaultType: string; policies: readonly Policy[] },
): { step?: TopologyStep; policy?: Policy } {
  const { name } = queue;
  const id = queueStep(name);
  const target = { kind: 'queue' as const, queue };
  if (!there) {
    const change = { action: 'create' as const, kind: 'queue', name, reason: IN_PLACE };
    return { step: { id, change, target, needs: [] } };
  }
  const { type, exclusive: _, ...observed } = there;
  const { 'x-queue-type': declaredType = defaultType, ...args } = queue.arguments;
  const typeChange = difference(declaredType, type, undefined, ['arguments', 'x-queue-type']);
  const fields = [...typeChange, ...difference({ ...queue, arguments: args }, observed)];
  if (fields.length === 0) return {};
  const update = { action: 'update' as const, kind: 'queue', name, fields };
  const isOnlyArguments =
    typeChange.length === 0 && fields.every(({ path }) => path.startsWith('arguments.'));
  const settings = isOnlyArguments ? settingsFor(args, observed.arguments) : undefined;
  if (settings !== undefined) {
    const policy = overridingPolicy('queues', name, settings, policies, type);
    const change = { ...update, reason: THROUGH_POLICY };
    return { step: { id, change, target: { kind: 'policy', policy }, needs: [] }, policy };
  }
  const paths = fields.map((field) => field.path.replace(/^arguments\./, '')).join(', ');
  const blocked = `${NEEDS_MIGRATION}: RabbitMQ cannot change ${paths} of a queue that is there; \`qbtc topology migrate ${quoted(name)}\` moves its messages into one that is as declared`;
  return {
    step: {
      id,
      change: { ...update, reason: NEEDS_MIGRATION, needsMigration: true, blocked },
      target,
      needs: [],
    },
  };
}

/** As a shell takes it for one word. */
function quoted(name: string): string {
  return /^[\w.:/@%+-]+$/.test(name) ? name : `'${name.replace(/'/g, `'\\''`)}'`;
}
