import type { ManagementApi } from '../../broker/management.ts';
import type { Exchange, Policy, VhostLimits } from '../../model/topology.ts';
import { mapConcurrently } from '../../reconcile/map-concurrently.ts';
import { isRecord } from '../../record.ts';
import {
  NO_VHOST,
  type ObservedAccount,
  type ObservedBinding,
  type ObservedQueue,
  type ObservedTopology,
} from '../observed.ts';

const CONCURRENCY = 8;

/** What to look at besides exchanges, queues, bindings and policies, which every account may see. */
export interface Questions {
  /** Names of accounts. Only administrators may ask. */
  accounts: readonly string[];
  limits: boolean;
}

/**
 * What the vhost holds. It is read, never found out by declaring it again: RabbitMQ does not compare every argument
 * then, and closes the channel over those it does.
 */
export async function observe(api: ManagementApi, questions: Questions): Promise<ObservedTopology> {
  const exchanges = await api.list(api.inVhost('exchanges'));
  const accounts = await observeAccounts(api, questions.accounts);
  if (exchanges === undefined) return { ...NO_VHOST, accounts };
  const [queues, bindings, policies, limits, defaultQueueType] = await Promise.all([
    // Figures of messages and rates are not needed, and costly for thousands of queues.
    api.list(`${api.inVhost('queues')}?disable_stats=true`),
    api.list(api.inVhost('bindings')),
    api.list(api.inVhost('policies')),
    questions.limits ? observeLimits(api) : {},
    defaultTypeOf(api),
  ]);
  return {
    vhostExists: true,
    exchanges: exchanges.map(toExchange),
    queues: (queues ?? []).map((queue) => toQueue(queue, defaultQueueType)),
    bindings: (bindings ?? []).map(toBinding),
    policies: (policies ?? []).map(toPolicy),
    limits,
    accounts,
    defaultQueueType,
  };
}

async function observeAccounts(api: ManagementApi, names: readonly string[]): Promise<ObservedAccount[]> {
  const found = await mapConcurrently(names, CONCURRENCY, async (user) => {
    const [account, permission] = await Promise.all([
      api.object(`/users/${encodeURIComponent(user)}`),
      api.object(api.inVhost('permissions', user)),
    ]);
    if (account === undefined) return undefined;
    const part = (name: string) => String(permission?.[name] ?? '');
    return {
      user,
      passwordHash: String(account.password_hash ?? ''),
      permission:
        permission === undefined
          ? undefined
          : { configure: part('configure'), write: part('write'), read: part('read') },
    };
  });
  return found.filter((account) => account !== undefined);
}

async function observeLimits(api: ManagementApi): Promise<VhostLimits> {
  const [first] = (await api.list(api.inVhost('vhost-limits'))) ?? [];
  const value = isRecord(first?.value) ? first.value : {};
  const limit = (name: string) => (typeof value[name] === 'number' ? value[name] : undefined);
  return { 'max-queues': limit('max-queues'), 'max-connections': limit('max-connections') };
}

/** What a queue becomes that says nothing of its type. Brokers and accounts that do not tell: classic. */
async function defaultTypeOf(api: ManagementApi): Promise<string> {
  const vhost = await api.object(api.inVhost('vhosts')).catch(() => undefined);
  const type = vhost?.default_queue_type;
  return typeof type === 'string' && type !== 'undefined' && type !== '' ? type : 'classic';
}

function argumentsOf(item: Record<string, unknown>): Record<string, unknown> {
  // Erlang has one empty list for both: some versions write no arguments as `[]`.
  return isRecord(item.arguments) ? item.arguments : {};
}

function toExchange(item: Record<string, unknown>): Exchange {
  return {
    name: String(item.name),
    // Plugins bring types of their own; one that is not declared here is compared like any other.
    type: String(item.type) as Exchange['type'],
    durable: item.durable === true,
    auto_delete: item.auto_delete === true,
    internal: item.internal === true,
    arguments: argumentsOf(item),
  };
}

function toQueue(item: Record<string, unknown>, defaultType: string): ObservedQueue {
  const { 'x-queue-type': argument, ...rest } = argumentsOf(item);
  const type = [item.type, argument].find((each) => typeof each === 'string') ?? defaultType;
  return {
    name: String(item.name),
    // 4.x may name the module: `rabbit_quorum_queue`.
    type: String(type).replace(/^rabbit_(\w+)_queue$/, '$1'),
    durable: item.durable === true,
    auto_delete: item.auto_delete === true,
    exclusive: item.exclusive === true,
    arguments: rest,
  };
}

function toBinding(item: Record<string, unknown>): ObservedBinding {
  return {
    source: String(item.source),
    destination: String(item.destination),
    destination_type: item.destination_type === 'exchange' ? 'exchange' : 'queue',
    routing_key: String(item.routing_key),
    arguments: argumentsOf(item),
    key: String(item.properties_key),
  };
}

function toPolicy(item: Record<string, unknown>): Policy {
  return {
    name: String(item.name),
    pattern: String(item.pattern),
    'apply-to': String(item['apply-to'] ?? 'all') as Policy['apply-to'],
    priority: Number(item.priority ?? 0),
    definition: isRecord(item.definition) ? item.definition : {},
  };
}
