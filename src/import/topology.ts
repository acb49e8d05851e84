import { resolve } from 'node:path';
import type { Change } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import type { Binding, Topology } from '../model/topology.ts';
import { difference } from '../reconcile/difference.ts';
import { resourceOfKind } from '../resources/facts.ts';
import { desiredOf } from '../topology/index.ts';
import { bindingName } from '../topology/names.ts';
import { type TopologyFile, topologySchema } from '../topology/schema.ts';
import { type ImportedTopology, readDefinitions } from './definitions.ts';
import { type ImportPlan, saving, shownIn } from './plan.ts';
import type { SourceText } from './source.ts';
import { YamlFile } from './yaml-file.ts';

/** Where a topology goes when the stack has none. */
const DEFAULT_FILE = 'infrastructure/rabbitmq/topology.yaml';

export interface TopologyImport {
  vhost?: string;
  /** The file to add to, relative to the stack; that of the stack when left out. */
  into?: string;
}

type List = 'exchanges' | 'queues' | 'bindings' | 'policies';
const KINDS: Record<List, string> = {
  exchanges: 'exchange',
  queues: 'queue',
  bindings: 'binding',
  policies: 'policy',
};

/**
 * Plans how what RabbitMQ's definitions hold comes into the topology of the stack: what is declared as it is already is left,
 * what is declared otherwise in the file that is written to is changed there, and what another file declares is blocked.
 *
 * @throws QbtcError those of `readDefinitions`, `desiredOf` and `YamlFile.open`
 */
export async function planTopologyImport(
  stack: Stack,
  text: SourceText,
  { vhost, into }: TopologyImport,
): Promise<ImportPlan> {
  const endpoint = resourceOfKind(stack, 'rabbitmq')?.endpoint;
  const { topology: declared, accounts } = await desiredOf(stack);
  const names = new Set([...stack.services.map(({ name }) => name), ...accounts.map(({ user }) => user)]);
  const imported: ImportedTopology = readDefinitions(text, {
    ...(vhost === undefined ? {} : { vhost }),
    ownVhost: endpoint?.vhost ?? '/',
    ownUser: endpoint?.user,
    users: names,
  });
  const target =
    into === undefined
      ? (stack.topologyFiles[0] ?? resolve(stack.root, DEFAULT_FILE))
      : resolve(stack.root, into);
  const file = await YamlFile.open(
    target,
    `What the vhost of the broker holds, in RabbitMQ's own field names. From ${text.shown}.`,
  );
  const changes: Change[] = [];
  for (const list of Object.keys(KINDS) as List[]) {
    const known = new Map((declared[list] as Named[]).map((item) => [keyOf(list, item), item]));
    const written = file.items([list]).map((each) => keyIn(list, each));
    for (const item of imported.topology[list] as Named[]) {
      const change = planItem(file, list, item, { known: known.get(keyOf(list, item)), written, stack });
      if (change !== undefined) changes.push(change);
    }
  }
  changes.push(...planPermissions(file, imported.topology, accounts, stack));
  changes.push(...planLimits(file, imported.topology, declared));
  const files = changes.some(({ blocked }) => blocked === undefined) ? [file] : [];
  if (files.length > 0 && !stack.topologyFiles.includes(target)) files.push(await declaring(stack, target));
  return { changes, losses: imported.losses, ...saving(stack.root, files) };
}

type Named = { name: string } & Binding;

const keyOf = (list: List, item: Named): string => (list === 'bindings' ? bindingName(item) : item.name);

function planItem(
  file: YamlFile,
  list: List,
  item: Named,
  {
    known,
    written,
    stack,
  }: { known: Named | undefined; written: readonly (string | undefined)[]; stack: Stack },
): Change | undefined {
  const name = keyOf(list, item);
  const about = { kind: KINDS[list], name };
  if (known === undefined) {
    file.add([list], brief(list, item));
    return { action: 'create', ...about };
  }
  const { retry: _, ...plain } = item as Named & { retry?: unknown };
  const fields = difference(comparable(plain), comparable(known));
  if (fields.length === 0) return undefined;
  const index = written.indexOf(name);
  if (index === -1) {
    const blocked = `another file, or the events of a service, declares it otherwise than ${shownIn(stack.root, file.file)} would`;
    return { action: 'update', ...about, fields, blocked };
  }
  const { retry } = file.items([list])[index] as { retry?: unknown };
  file.replace([list], index, { ...brief(list, item), ...(retry === undefined ? {} : { retry }) });
  return { action: 'update', ...about, fields };
}

/** RabbitMQ writes the type of a classic queue down, whoever left it out. */
function comparable(item: Named): object {
  if (item.arguments?.['x-queue-type'] !== 'classic') return item;
  const { 'x-queue-type': _, ...others } = item.arguments;
  return { ...item, arguments: others };
}

/** The key of an item as the file has it, with what it leaves out. */
function keyIn(list: List, item: unknown): string | undefined {
  const parsed = topologySchema.safeParse({ [list]: [item] });
  const [whole] = parsed.success ? (parsed.data[list] as unknown as Named[]) : [];
  return whole === undefined ? undefined : keyOf(list, whole);
}

const DEFAULTS: Record<List, Record<string, unknown>> = {
  exchanges: { durable: true, auto_delete: false, internal: false },
  queues: { durable: true, auto_delete: false },
  bindings: { destination_type: 'queue', routing_key: '' },
  policies: { 'apply-to': 'queues', priority: 0 },
};

/** The item without what a topology file may leave out. */
function brief(list: List, item: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).filter(
      ([name, value]) =>
        value !== DEFAULTS[list][name] &&
        !(name === 'arguments' && Object.keys(value as object).length === 0),
    ),
  );
}

function planPermissions(
  file: YamlFile,
  { permissions }: TopologyFile,
  accounts: readonly { user: string; configure: string; write: string; read: string }[],
  { name: stack }: Stack,
): Change[] {
  return permissions.flatMap(({ user, ...rights }): Change[] => {
    const account = accounts.find((each) => each.user === user || each.user === `${stack}.${user}`);
    const { configure, write, read } = account ?? { configure: undefined, write: undefined, read: undefined };
    const fields = difference(rights, account === undefined ? {} : { configure, write, read });
    if (fields.length === 0) return [];
    const written = file.items(['permissions']);
    const index = written.findIndex((each) => (each as { user?: unknown }).user === user);
    if (difference({ user, ...rights }, written[index]).length === 0) return [];
    if (index === -1) file.add(['permissions'], { user, ...rights });
    else file.replace(['permissions'], index, { user, ...rights });
    return [{ action: index === -1 ? 'create' : 'update', kind: 'permission', name: user, fields }];
  });
}

function planLimits(file: YamlFile, { limits }: TopologyFile, declared: Topology): Change[] {
  return (Object.entries(limits) as [keyof Topology['limits'], number | undefined][]).flatMap(
    ([name, to]): Change[] => {
      const from = declared.limits[name];
      if (to === undefined || from === to) return [];
      file.set(['limits', name], to);
      return [
        {
          action: from === undefined ? 'create' : 'update',
          kind: 'limit',
          name,
          fields: [{ path: name, ...(from === undefined ? {} : { from }), to }],
        },
      ];
    },
  );
}

/** `qbtc.yaml`, which names the file from now on. */
async function declaring(stack: Stack, target: string): Promise<YamlFile> {
  const own = await YamlFile.open(stack.file, '');
  const [first, ...more] = [...stack.topologyFiles, target].map((each) => shownIn(stack.root, each));
  own.set(['topology'], more.length === 0 ? first : [first, ...more]);
  return own;
}
