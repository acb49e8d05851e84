import { QbtcError } from '../../errors.ts';
import type { GatewayObject, GatewayState } from '../../model/gateway.ts';
import { isRecord } from '../../record.ts';
import type { GatewayDriver } from '../driver.ts';
import {
  credentialKey,
  credentialParts,
  emptyState,
  nameOf,
  objectsOf,
  type Reference,
  referencesOf,
} from '../state.ts';
import { COLLECTIONS, LISTED_KINDS, type ListedKind } from './collections.ts';

/** One item of a list in a standalone configuration: written, or taken out where `item` is `undefined`. */
export interface ItemChange {
  list: (typeof COLLECTIONS)[ListedKind];
  /** What the item is found by: its `id`, or the `username` of a consumer. */
  id: string;
  item: GatewayObject | undefined;
}

/** Where a configuration is kept as a whole. */
export interface ConfigurationStore {
  /** All lists, as plain data; what is no list of objects is left alone. */
  read(): Promise<Record<string, unknown>>;
  /** Writes the changes in one piece, or nothing. Gives the index of the change that is refused, and why. */
  write(changes: readonly ItemChange[]): Promise<{ index: number; reason: string } | undefined>;
}

const CREDENTIAL = /^([^/]+)\/credentials\/([^/]+)$/;

/** A gateway that takes its configuration as a whole. It checks no references, so that is done here. */
export function wholeConfiguration(store: ConfigurationStore): GatewayDriver {
  let observed: GatewayState | undefined;
  const staged = new Map<string, Reference & { object: GatewayObject | undefined }>();

  return {
    async observe() {
      observed = stateOf(await store.read());
      return observed;
    },
    // It stores what it is sent: no default is ever filled in.
    schemas: async () => new Map(),
    async put(kind, id, object) {
      staged.set(nameOf({ kind, id }), { kind, id, object });
    },
    async delete(kind, id) {
      staged.set(nameOf({ kind, id }), { kind, id, object: undefined });
    },
    async commit(allOrNothing) {
      observed ??= stateOf(await store.read());
      const refused = new Map<string, string>();
      const there = new Set([...objectsOf(observed)].map(nameOf));
      for (;;) {
        for (const [name, reason] of dangling(staged, there)) refuse(name, reason);
        const changes = [...staged.values()];
        if (changes.length === 0 || (allOrNothing && refused.size > 0)) break;
        const refusal = await store.write(changes.map(itemChange));
        if (refusal === undefined) break;
        const change = changes[refusal.index];
        if (change === undefined) throw new QbtcError('GATEWAY_REFUSED', refusal.reason);
        refuse(nameOf(change), refusal.reason);
      }
      staged.clear();
      return refused;

      function refuse(name: string, reason: string) {
        refused.set(name, reason);
        staged.delete(name);
      }
    },
  };
}

/** What is staged and refers to something that is not there and will not be. */
function dangling(
  staged: ReadonlyMap<string, Reference & { object: GatewayObject | undefined }>,
  there: ReadonlySet<string>,
): [string, string][] {
  const found: [string, string][] = [];
  const gone = new Set<string>();
  const isThere = (name: string) => {
    const change = staged.get(name);
    if (gone.has(name)) return false;
    return change ? change.object !== undefined : there.has(name);
  };
  for (let grown = true; grown; ) {
    grown = false;
    for (const [name, { kind, id, object }] of staged) {
      if (object === undefined || gone.has(name)) continue;
      const missing = referencesOf(kind, id, object).find((reference) => !isThere(nameOf(reference)));
      if (missing === undefined) continue;
      found.push([name, `it refers to ${missing.kind} ${missing.id}, which is not there`]);
      if (!there.has(name)) gone.add(name);
      grown ||= !there.has(name);
    }
    if (!grown) break;
  }
  return [...new Map(found)];
}

function itemChange({ kind, id, object }: Reference & { object: GatewayObject | undefined }): ItemChange {
  if (kind === 'credential') {
    const { username, id: credential } = credentialParts(id);
    const inList = `${username}/credentials/${credential}`;
    return { list: 'consumers', id: inList, item: object && { ...object, id: inList } };
  }
  const item = object && (kind === 'consumer' ? object : { ...object, id });
  return { list: COLLECTIONS[kind], id, item };
}

/** The item's name in its list. */
export function itemId(list: string, item: unknown): string | undefined {
  if (!isRecord(item)) return undefined;
  const { id, username } = item;
  if (typeof id === 'string' || typeof id === 'number') return String(id);
  return list === 'consumers' && typeof username === 'string' ? username : undefined;
}

function stateOf(configuration: Record<string, unknown>): GatewayState {
  const state = emptyState();
  for (const kind of LISTED_KINDS) {
    const list = configuration[COLLECTIONS[kind]];
    if (!Array.isArray(list)) continue;
    for (const item of list) {
      const id = itemId(COLLECTIONS[kind], item);
      if (id === undefined) continue;
      const { id: _, modifiedIndex: __, ...object } = item as GatewayObject;
      const [, username, credential] = kind === 'consumer' ? (CREDENTIAL.exec(id) ?? []) : [];
      if (username !== undefined && credential !== undefined) {
        state.credential.set(credentialKey(username, credential), object);
      } else {
        state[kind].set(id, object);
      }
    }
  }
  return state;
}
