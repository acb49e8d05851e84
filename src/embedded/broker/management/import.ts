import { isRecord } from '../../../record.ts';
import { AmqpError } from '../errors.ts';
import { EXCHANGE_TYPES } from '../exchange/types/index.ts';
import { isReserved } from '../names.ts';
import type { BindingRequest } from '../virtual-host/bindings.ts';
import { assertAlternate, readQueue } from '../virtual-host/declaration.ts';
import type { VirtualHost } from '../virtual-host/virtual-host.ts';
import { setParameter } from './parameters.ts';
import { readPermission } from './permissions.ts';
import { readPolicy } from './policies.ts';
import { argumentsOf, badRequest, flag, newName, type Request, required } from './resource.ts';
import { readAccount } from './users.ts';
import { readLabels } from './virtual-hosts.ts';

type Item = Record<string, unknown>;
/** What an item asks for, once every item of the document has been read. */
type Change = () => void;

/** What one import knows: who asked, the one virtual host that it is about, and what it will have created. */
interface Import {
  request: Request;
  into: VirtualHost | undefined;
  vhosts: Set<string>;
  users: Set<string>;
  /** The queues that it creates, by virtual host. */
  queues: Map<string, Set<string>>;
}

/** The sections of the document, in the order in which RabbitMQ applies them; the first three only to a whole broker. */
const SECTIONS: readonly [string, (item: Item, context: Import) => Change | undefined][] = [
  ['users', user],
  ['vhosts', vhost],
  ['permissions', permission],
  ['topic_permissions', topicPermission],
  ['exchanges', exchange],
  ['global_parameters', globalParameter],
  ['policies', policy],
  ['parameters', parameter],
  ['queues', queue],
  ['bindings', binding],
];
const OF_THE_BROKER = ['users', 'vhosts', 'permissions', 'topic_permissions', 'global_parameters'];

/**
 * Creates what a document of definitions describes and is not there yet (https://www.rabbitmq.com/docs/definitions).
 * What is there stays as it is. The whole document is read before anything is done. Throws 400.
 */
export function importDefinitions(request: Request, into: VirtualHost | undefined): void {
  const { vhosts } = request.state;
  const context: Import = {
    request,
    into,
    vhosts: new Set(vhosts.all.map(({ name }) => name)),
    users: new Set(vhosts.accounts.all.map(({ name }) => name)),
    queues: new Map(),
  };
  const changes: Change[] = [];
  for (const [name, read] of SECTIONS) {
    if (into !== undefined && OF_THE_BROKER.includes(name)) continue;
    for (const [index, item] of itemsOf(request.body, name).entries()) {
      const change = reading(`${name}[${index}]`, () => read(item, context));
      if (change !== undefined) changes.push(change);
    }
  }
  assertRoom(context);
  for (const change of changes) change();
  vhosts.changed();
}

/** Throws 400, in RabbitMQ's words, where a virtual host would hold more queues than it may. */
function assertRoom({ request, queues }: Import): void {
  for (const [name, { size: added }] of queues) {
    const vhost = request.state.vhosts.get(name);
    const limit = vhost?.limits['max-queues'] ?? -1;
    if (vhost === undefined || limit < 0 || vhost.queues.size + added <= limit) continue;
    throw badRequest(
      `Adding ${added} queue(s) to virtual host "${name}" would exceed the limit of ${limit} queue(s).\n\n` +
        `This virtual host currently has ${vhost.queues.size} queue(s) defined.\n\nImport aborted!`,
    );
  }
}

function itemsOf(body: Item, name: string): Item[] {
  const items = body[name] ?? [];
  if (!Array.isArray(items)) throw badRequest(`${name} should be a list`);
  return items.map((item, index) => {
    if (isRecord(item)) return item as Item;
    throw badRequest(`${name}[${index}] should be an object`);
  });
}

/** Runs `read`; a refusal names the item. */
function reading<Result>(place: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof AmqpError)
      throw badRequest(`${error.reply.toLowerCase()}: ${error.explanation} (${place})`);
    throw error;
  }
}

function user(item: Item, { request, users }: Import): Change {
  required(item, ['name']);
  const account = readAccount(newName('user', item.name), item);
  users.add(account.name);
  return () => request.state.vhosts.accounts.put(account);
}

function vhost(item: Item, { request, vhosts }: Import): Change {
  required(item, ['name']);
  const name = newName('vhost', item.name);
  const labels = readLabels(item);
  vhosts.add(name);
  return () => void request.state.vhosts.put(name, labels, request.account.name);
}

function permission(item: Item, context: Import): Change {
  const { accounts } = context.request.state.vhosts;
  const grant = readPermission(String(item.user), vhostName(item, context), item);
  if (!context.users.has(grant.user)) throw badRequest(`no_such_user: ${grant.user}`);
  return () => accounts.grant(grant);
}

/** To leave them out would give users more than they are meant to have. */
function topicPermission(): never {
  throw badRequest('topic_permissions are not known to this broker');
}

function globalParameter(item: Item, { request }: Import): Change {
  required(item, ['name', 'value']);
  return () => void request.state.vhosts.globalParameters.set(String(item.name), item.value);
}

function policy(item: Item, context: Import): Change {
  const vhost = vhostName(item, context);
  required(item, ['name', 'pattern', 'definition']);
  const name = newName('policy', item.name);
  const read = readPolicy(name, item, ` (${vhost}/${name})`);
  return () => {
    const target = existing(context, vhost);
    target.policies.put(read);
    target.policiesChanged();
  };
}

function parameter(item: Item, context: Import): Change {
  const vhost = vhostName(item, context);
  required(item, ['component', 'name', 'value']);
  const [component, name] = [String(item.component), String(item.name)];
  const where = ` (${vhost}/${component}/${name})`;
  const set = (target: Pick<VirtualHost, 'limits'>) =>
    setParameter(target, { component, name, value: item.value }, where);
  set({ limits: {} });
  return () => set(existing(context, vhost));
}

function exchange(item: Item, context: Import): Change | undefined {
  const vhost = vhostName(item, context);
  required(item, ['name', 'type', 'durable', 'auto_delete']);
  const name = newName('exchange', item.name);
  // The broker's own are there already, or are nobody's to create.
  if (name === '' || isReserved(name)) return undefined;
  const type = String(item.type);
  if (!EXCHANGE_TYPES.has(type)) throw new AmqpError('COMMAND_INVALID', `unknown exchange type '${type}'`);
  const properties = {
    durable: flag(item.durable, 'durable'),
    autoDelete: flag(item.auto_delete, 'auto_delete'),
    internal: flag(item.internal, 'internal'),
    arguments: argumentsOf(item),
  };
  assertAlternate(name, vhost, properties.arguments);
  return () => {
    const target = existing(context, vhost);
    if (!target.exchanges.has(name)) target.declareExchange(name, type, properties);
  };
}

function queue(item: Item, context: Import): Change | undefined {
  const vhost = vhostName(item, context);
  required(item, ['name', 'durable', 'auto_delete']);
  const name = newName('queue', item.name);
  if (isReserved(name)) return undefined;
  const properties = {
    durable: flag(item.durable, 'durable'),
    autoDelete: flag(item.auto_delete, 'auto_delete'),
    exclusiveOwner: undefined,
    arguments: argumentsOf(item),
  };
  readQueue(name, vhost, properties);
  const isNew = !context.request.state.vhosts.get(vhost)?.queues.has(name);
  if (isNew) context.queues.set(vhost, (context.queues.get(vhost) ?? new Set()).add(name));
  return () => {
    const target = existing(context, vhost);
    if (!target.queues.has(name)) target.declareQueue(name, properties);
  };
}

function binding(item: Item, context: Import): Change | undefined {
  const vhost = vhostName(item, context);
  required(item, ['source', 'destination', 'destination_type', 'routing_key']);
  const kind = item.destination_type;
  if (kind !== 'queue' && kind !== 'exchange')
    throw badRequest(
      `destination_type should be 'queue' or 'exchange', actually was ${JSON.stringify(kind)}`,
    );
  const binding: BindingRequest = {
    source: newName('source', item.source),
    destination: { kind, name: newName('destination', item.destination) },
    routingKey: newName('routing_key', item.routing_key),
    arguments: argumentsOf(item),
  };
  // The default exchange binds every queue by itself.
  if (binding.source === '') return undefined;
  return () => {
    // One end may be gone where the document was edited: RabbitMQ leaves such a binding out.
    const { bindings } = existing(context, vhost);
    if (bindings.hasEnds(binding)) bindings.bind(binding, undefined);
    else
      context.request.log('warn', 'a binding was not imported: one of its ends is not there', {
        vhost,
        ...item,
      });
  };
}

/** The virtual host of an item. Throws 400 where there is none and the document creates none. */
function vhostName(item: Item, { into, vhosts }: Import): string {
  if (into !== undefined) return into.name;
  if (typeof item.vhost === 'string' && vhosts.has(item.vhost)) return item.vhost;
  throw badRequest(
    `no_such_vhost: ${item.vhost === undefined ? 'none is named' : JSON.stringify(item.vhost)}`,
  );
}

function existing({ request }: Import, name: string): VirtualHost {
  const vhost = request.state.vhosts.get(name);
  if (vhost === undefined) throw badRequest(`no_such_vhost: ${name}`);
  return vhost;
}
