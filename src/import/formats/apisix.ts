import { stringify } from 'yaml';
import { gatewayFileSchema } from '../../config/gateway-files.ts';
import { expectation, valueAt } from '../../config/issues.ts';
import { asApisixReads, isBeside } from '../../config/standalone.ts';
import { DECLARED_KINDS, type GatewayKind, type GatewayObject } from '../../model/gateway.ts';
import type { ImportedObject } from '../../model/import.ts';
import { isRecord } from '../../record.ts';
import { escapedObject } from '../escape.ts';
import type { WritableFormat } from '../route-format.ts';
import { inFileOrder, openSource } from '../source.ts';

/** The standalone file of APISIX, in YAML or JSON; also what its Admin API gives for the whole (`/apisix/admin/configs`). */
export const format: WritableFormat = {
  read(text) {
    const source = openSource(text, 'a mapping with lists such as "routes:": conf/apisix.yaml of APISIX');
    for (const [name, value] of Object.entries(source.data)) {
      if (!isBeside(name, value) || name.endsWith('_conf_version')) continue;
      const anchors = name.startsWith('x-');
      if (!anchors) source.lose([name], 'which plugins APISIX loads stands in its config.yaml here');
    }
    const indexes = indexesIn(source.data);
    const placeOf = ({ kind, id }: ImportedObject) => {
      const list = kind === 'consumer' || kind === 'credential' ? 'consumers' : DECLARED_KINDS[kind];
      const index = indexes.get(`${list} ${id.split('/')[0]}`);
      return source.placeOf(index === undefined ? [list] : [list, index]);
    };
    const data: Record<string, unknown> = { ...asApisixReads(source.data) };
    // What does not fit is left out with its item, until the rest does.
    for (;;) {
      const { success, data: lists, error } = gatewayFileSchema.safeParse(data, { error: expectation });
      if (success) {
        const objects = objectsIn(lists).map((each) => ({ ...each, place: placeOf(each) }));
        return { objects: objects.map((each) => escapedObject(each)), losses: inFileOrder(source.losses) };
      }
      const wrong = new Map<string, Set<number>>();
      for (const issue of error.issues) {
        const [list, index] = issue.path;
        const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
        if (list === undefined) {
          for (const key of keys) {
            source.lose([key], 'a gateway holds no list of this name');
            delete data[key];
          }
          continue;
        }
        const path = issue.path as (string | number)[];
        const item = data[String(list)];
        if (!Array.isArray(item) || typeof index !== 'number') {
          source.lose([String(list)], `expected ${issue.message}`);
          delete data[String(list)];
          continue;
        }
        const found = keys.length === 0 ? '' : `APISIX knows no ${keys.join(', ')} there`;
        if (!wrong.get(String(list))?.has(index))
          source.lose(path, `it is left out: ${found || `expected ${issue.message}`}`);
        wrong.set(String(list), (wrong.get(String(list)) ?? new Set()).add(index));
      }
      for (const [list, indexes] of wrong)
        data[list] = (valueAt(data, [list]) as unknown[]).filter((_, index) => !indexes.has(index));
    }
  },
  writer: {
    write(objects) {
      const lists: Record<string, object[]> = {};
      for (const { kind, id, object } of objects) {
        const [list, item] = itemOf(kind, id, object);
        lists[list] = [...(lists[list] ?? []), item];
      }
      const body = stringify(lists, { lineWidth: 0, aliasDuplicateObjects: false });
      return { text: `${Object.keys(lists).length === 0 ? '{}\n' : body}#END\n`, losses: [] };
    },
    reference: (variable) => `\${{${variable}}}`,
    plain: (text) => text,
  },
};

/** Where each item stands in its list, by whatever it may be called by. */
function indexesIn(data: Record<string, unknown>): ReadonlyMap<string, number> {
  const indexes = new Map<string, number>();
  for (const [list, items] of Object.entries(data))
    for (const [index, item] of (Array.isArray(items) ? items : []).entries())
      for (const key of isRecord(item) ? [item.id, item.username] : [])
        if (!indexes.has(`${list} ${key}`)) indexes.set(`${list} ${key}`, index);
  return indexes;
}

function objectsIn(lists: Record<string, unknown>): ImportedObject[] {
  const declared = Object.entries(DECLARED_KINDS).flatMap(([kind, list]) =>
    (lists[list] as (GatewayObject & { id: string })[]).map(({ id, ...object }) => ({
      kind: kind as GatewayKind,
      id,
      object: defined(object),
    })),
  );
  return [...declared, ...consumersIn(lists.consumers as GatewayObject[])];
}

/** Consumers, and each of their credentials by itself. */
function consumersIn(consumers: readonly GatewayObject[]): ImportedObject[] {
  return consumers.flatMap(({ credentials, ...consumer }): ImportedObject[] => {
    const username = String(consumer.username);
    const own = Array.isArray(credentials) ? credentials.filter(isRecord) : [];
    return [
      { kind: 'consumer', id: username, object: defined(consumer) },
      ...own.map(({ id, ...credential }) => ({
        kind: 'credential' as const,
        id: `${username}/${String(id)}`,
        object: defined(credential),
      })),
    ];
  });
}

const defined = (object: object): GatewayObject =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** An object in its list, as a standalone APISIX has it. */
function itemOf(kind: GatewayKind, id: string, object: GatewayObject): [list: string, item: object] {
  if (kind === 'consumer') return ['consumers', object];
  if (kind === 'credential') {
    const [username = '', name = ''] = id.split('/');
    return ['consumers', { id: `${username}/credentials/${name}`, ...object }];
  }
  return [DECLARED_KINDS[kind], { id, ...object }];
}
