import * as z from 'zod';
import { listed, nearest } from '../config/mistake.ts';
import { EXIT, QbtcError } from '../errors.ts';
import type { Loss } from '../model/import.ts';
import { isRecord } from '../record.ts';
import { checkRules, type RuleMistake } from '../topology/rules.ts';
import { type TopologyFile, topologySchema } from '../topology/schema.ts';
import { inFileOrder, openSource, type Source, type SourceText } from './source.ts';

export interface DefinitionsOptions {
  /** The vhost to take; when left out that of the stack, or the only one that holds anything. */
  vhost?: string;
  /** The vhost of the stack. */
  ownVhost: string;
  /** The stack's own account: it is made by `up`, and never declared. */
  ownUser?: string | undefined;
  /** Names that permissions may be given to: services, and their accounts. */
  users: ReadonlySet<string>;
}

export interface ImportedTopology {
  topology: TopologyFile;
  losses: Loss[];
}

/** The lists of a topology file that definitions have, too. */
const LISTS = ['exchanges', 'queues', 'bindings', 'policies'] as const;
type List = (typeof LISTS)[number];
/** Fields of definitions that say nothing beyond what we hold. */
const KNOWN: Record<List, ReadonlySet<string>> = {
  exchanges: new Set(['name', 'vhost', 'type', 'durable', 'auto_delete', 'internal', 'arguments']),
  queues: new Set(['name', 'vhost', 'type', 'durable', 'auto_delete', 'exclusive', 'arguments']),
  bindings: new Set([
    'source',
    'vhost',
    'destination',
    'destination_type',
    'routing_key',
    'arguments',
    'properties_key',
  ]),
  policies: new Set(['name', 'vhost', 'pattern', 'apply-to', 'priority', 'definition']),
};
/** At the top: who wrote it, and what has no meaning for one vhost. */
const ABOUT = new Set([
  'rabbit_version',
  'rabbitmq_version',
  'product_name',
  'product_version',
  'rabbitmq_definition_format',
  'original_cluster_name',
  'explanation',
  'metadata',
  'description',
  'tags',
  'limits',
  'default_queue_type',
  'original_vhost_name',
]);

/**
 * RabbitMQ's `definitions.json`, of a whole broker or of one vhost, as a topology. What RabbitMQ makes by itself
 * (`amq.direct`, bindings of the default exchange) is no part of it; hashes of passwords are never read.
 *
 * @throws QbtcError `IMPORT_UNREADABLE`, `DEFINITIONS_VHOST`
 */
export function readDefinitions(text: SourceText, options: DefinitionsOptions): ImportedTopology {
  const source = openSource(
    text,
    'a mapping with "exchanges", "queues" and "bindings": definitions.json of RabbitMQ',
  );
  loseWrong(source);
  const lists = LISTS.map((list) => [list, recordsOf(source, list)] as const);
  const vhost = vhostOf(source, text.shown, options);
  const isOurs = (item: Record<string, unknown>) => item.vhost === undefined || item.vhost === vhost;
  const places: Partial<Record<List | 'permissions', number[]>> = {};
  const topology: Record<string, unknown[]> = {};
  for (const [list, items] of lists) {
    const taken = items.filter(({ item, index }) => isOurs(item) && isTaken(source, list, item, index));
    const fitting = taken.flatMap(({ item, index }) => {
      const fields = fieldsOf(source, list, item, index);
      return fits(source, list, fields, index) ? [{ fields, index }] : [];
    });
    topology[list] = fitting.map(({ fields }) => fields);
    places[list] = fitting.map(({ index }) => index);
  }
  const permissions = permissionsOf(source, isOurs, options);
  topology.permissions = permissions.map(({ item }) => item);
  places.permissions = permissions.map(({ index }) => index);
  loseTheRest(source, isOurs);
  const whole = topologySchema.parse({ ...topology, limits: limitsOf(source, isOurs) });
  return { topology: withoutMistakes(source, whole, places), losses: inFileOrder(source.losses) };
}

interface Placed {
  item: Record<string, unknown>;
  index: number;
}

/** All lists that are read. */
const READ = [...LISTS, 'vhosts', 'permissions', 'topic_permissions', 'parameters', 'global_parameters'];

/** The items of a list that are mappings; `loseWrong` tells of the others. */
function recordsOf({ data }: Source, list: string): Placed[] {
  const value = data[list];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item, index) => (isRecord(item) ? [{ item, index }] : []));
}

function loseWrong(source: Source): void {
  for (const list of READ) {
    const value = source.data[list] ?? [];
    if (!Array.isArray(value)) source.lose([list], 'it is no list');
    else
      for (const [index, item] of value.entries())
        if (!isRecord(item)) source.lose([list, index], 'it is no mapping');
  }
}

function vhostOf(source: Source, shown: string, { vhost, ownVhost }: DefinitionsOptions): string | undefined {
  const held = new Map<string, number>();
  for (const { item } of recordsOf(source, 'vhosts')) held.set(String(item.name), 0);
  for (const list of LISTS) {
    for (const { item } of recordsOf(source, list))
      if (item.vhost !== undefined) held.set(String(item.vhost), (held.get(String(item.vhost)) ?? 0) + 1);
  }
  const names = [...held.keys()];
  const full = names.filter((name) => (held.get(name) ?? 0) > 0);
  const chosen =
    vhost ?? (names.includes(ownVhost) ? ownVhost : full.length > 1 ? undefined : (full[0] ?? names[0]));
  if (names.length > 0 && (chosen === undefined || !names.includes(chosen))) {
    const near = vhost === undefined ? undefined : nearest(vhost, names);
    throw new QbtcError(
      'DEFINITIONS_VHOST',
      vhost === undefined
        ? `${shown} holds several vhosts: ${names.map((name) => `${name} (${held.get(name)})`).join(', ')}`
        : `${shown} holds no vhost ${vhost}, but ${listed(names, 'and')}`,
      {
        exit: EXIT.usage,
        hint: near === undefined ? 'name one: --vhost NAME' : `did you mean --vhost ${near}?`,
      },
    );
  }
  for (const name of full) {
    if (name === chosen) continue;
    const index = recordsOf(source, 'vhosts').find(({ item }) => item.name === name)?.index;
    const path = index === undefined ? ['vhosts'] : ['vhosts', index];
    source.lose(
      path,
      `the vhost ${name} (${held.get(name)} objects): a stack has one vhost`,
      `--vhost ${name}`,
    );
  }
  return chosen;
}

/** False for what RabbitMQ makes by itself, and for what lives as long as one connection. */
function isTaken(source: Source, list: List, item: Record<string, unknown>, index: number): boolean {
  const name = String(item.name ?? '');
  if (list === 'exchanges') return name !== '' && !name.startsWith('amq.');
  if (list === 'bindings') {
    if (item.source === '') return false;
    const queue = String(item.destination ?? '');
    return !(item.destination_type !== 'exchange' && queue.startsWith('amq.gen'));
  }
  const isOfOne = item.exclusive === true || name.startsWith('amq.gen');
  if (list === 'queues' && isOfOne) {
    source.lose(['queues', index], `the queue ${name}: it lives as long as the connection that made it`);
    return false;
  }
  return true;
}

/** The item in the fields of a topology file. */
function fieldsOf(
  source: Source,
  list: List,
  item: Record<string, unknown>,
  index: number,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(item)) {
    if (name === 'vhost' || name === 'properties_key' || name === 'exclusive') continue;
    if (list === 'queues' && name === 'type') continue;
    if (KNOWN[list].has(name)) fields[name] = value;
    else source.lose([list, index, name], `RabbitMQ keeps no "${name}" for ${list}`);
  }
  const args = isRecord(fields.arguments) ? { ...fields.arguments } : {};
  // RabbitMQ writes the type beside the arguments; declaring needs it among them.
  const { type } = item;
  if (
    list === 'queues' &&
    typeof type === 'string' &&
    type !== 'classic' &&
    args['x-queue-type'] === undefined
  )
    args['x-queue-type'] = type;
  if (list !== 'policies') fields.arguments = args;
  return fields;
}

/** Whether an item has the shape that a topology file takes; if not, each reason is a loss. */
function fits(source: Source, list: List, item: Record<string, unknown>, index: number): boolean {
  const { error } = topologySchema.safeParse({ [list]: [item] });
  for (const { path, message } of error?.issues ?? []) {
    const [, , ...inner] = path as (string | number)[];
    source.lose([list, index, ...inner], `${nameOf(list, item)}: expected ${message}`);
  }
  return error === undefined;
}

function nameOf(list: List, item: Record<string, unknown>): string {
  if (list === 'bindings') return `the binding ${item.source} → ${item.destination}`;
  return `the ${list === 'policies' ? 'policy' : list.slice(0, -1)} ${item.name}`;
}

const permission = z.looseObject({
  user: z.string(),
  configure: z.string(),
  write: z.string(),
  read: z.string(),
});

/** Permissions of services and their accounts; of everybody else only the name is told. */
function permissionsOf(
  source: Source,
  isOurs: (item: Record<string, unknown>) => boolean,
  { users, ownUser }: DefinitionsOptions,
): { item: { user: string; configure: string; write: string; read: string }; index: number }[] {
  return recordsOf(source, 'permissions').flatMap(({ item, index }) => {
    const { data } = permission.safeParse(item);
    if (!isOurs(item) || data === undefined || data.user === ownUser) return [];
    const { user, configure, write, read } = data;
    if (users.has(user)) return [{ item: { user, configure, write, read }, index }];
    const near = nearest(user, users);
    source.lose(
      ['permissions', index],
      `the permission of ${user}: no service of the stack is called so, and accounts are made for services`,
      near === undefined ? undefined : `a permission of ${near}`,
    );
    return [];
  });
}

const LIMITS = ['max-queues', 'max-connections'] as const;

function limitsOf(
  source: Source,
  isOurs: (item: Record<string, unknown>) => boolean,
): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const { item, index } of recordsOf(source, 'parameters')) {
    if (!isOurs(item)) continue;
    const value = isRecord(item.value) ? item.value : {};
    if (item.component !== 'vhost-limits') {
      source.lose(
        ['parameters', index],
        `the ${item.component} ${item.name}: a topology has no parameters of plugins`,
      );
      continue;
    }
    for (const [name, limit] of Object.entries(value)) {
      const known = (LIMITS as readonly string[]).includes(name);
      if (known && Number.isInteger(limit) && Number(limit) >= 0) limits[name] = Number(limit);
      // RabbitMQ: a negative limit is none.
      else if (!known) source.lose(['parameters', index, 'value', name], `the limit ${name}`);
    }
  }
  return limits;
}

/** What a topology has no place for. */
function loseTheRest(source: Source, isOurs: (item: Record<string, unknown>) => boolean): void {
  for (const { item, index } of recordsOf(source, 'topic_permissions')) {
    if (isOurs(item))
      source.lose(
        ['topic_permissions', index],
        `the topic permission of ${item.user}: accounts have permissions alone`,
      );
  }
  for (const { item, index } of recordsOf(source, 'global_parameters')) {
    const { name } = item;
    if (name !== 'cluster_name' && name !== 'internal_cluster_id' && name !== 'cluster_tags')
      source.lose(['global_parameters', index], `the global parameter ${name}: it is of the whole broker`);
  }
  const read = new Set<string>([...READ, 'users']);
  for (const name of Object.keys(source.data)) {
    if (read.has(name) || ABOUT.has(name)) continue;
    source.lose([name], 'a topology has no place for it');
  }
}

/** Takes out what a topology file may not say although RabbitMQ lets it, until nothing is wrong any more. */
function withoutMistakes(
  source: Source,
  topology: TopologyFile,
  places: Partial<Record<string, number[]>>,
): TopologyFile {
  const whole = structuredClone(topology) as unknown as Record<string, Record<string, unknown>[]>;
  for (;;) {
    const mistakes = checkRules(whole as unknown as TopologyFile);
    if (mistakes.length === 0) return whole as unknown as TopologyFile;
    const seen = new Set<string>();
    // From the end, so that what is taken out moves nothing that is still to be looked at.
    for (const mistake of mistakes.sort((a, b) => Number(b.path[1]) - Number(a.path[1]))) {
      const [list = '', place = 0, ...inner] = mistake.path as [string, number, ...(string | number)[]];
      // What is left of an item after its first mistake is judged anew.
      if (seen.has(`${list} ${place}`)) continue;
      seen.add(`${list} ${place}`);
      leaveOut(source, whole, places, { ...mistake, list, place, inner });
    }
  }
}

/** An argument or a setting that may not be is left out alone, anything else with its item. */
function leaveOut(
  source: Source,
  whole: Record<string, Record<string, unknown>[]>,
  places: Partial<Record<string, number[]>>,
  {
    list,
    place,
    inner,
    ...mistake
  }: RuleMistake & { list: string; place: number; inner: (string | number)[] },
): void {
  const at = [list, places[list]?.[place] ?? place];
  const [holder, field] = inner;
  const part = whole[list]?.[place]?.[String(holder)];
  const isArgument = holder === 'arguments' && isRecord(part) && field !== undefined;
  const isSetting = holder === 'definition' && isRecord(part) && Object.keys(part).length > 1;
  const reason = `${mistake.found === undefined ? '' : `found ${mistake.found}, `}expected ${mistake.expected}`;
  if (isArgument || (isSetting && field !== undefined)) {
    source.lose([...at, ...inner], `it is left out: ${reason}`, mistake.nearest);
    delete (part as Record<string, unknown>)[String(field)];
    return;
  }
  source.lose([...at, ...inner], `the whole is left out: ${reason}`, mistake.nearest);
  whole[list]?.splice(place, 1);
  places[list]?.splice(place, 1);
}
