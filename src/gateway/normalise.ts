import type { GatewayKind, GatewayObject } from '../model/gateway.ts';
import { isRecord } from '../record.ts';

/** What the gateway adds to every object that it stores; `id` is the key under which we hold it. */
const ADDED_BY_THE_GATEWAY = new Set(['id', 'create_time', 'update_time', 'validity_start', 'validity_end']);

/**
 * What the gateway tells only in its own encryption, or not at all; a label holds what can be compared instead
 * (`KEY_LABEL`).
 */
const NEVER_TOLD: Partial<Record<GatewayKind, ReadonlySet<string>>> = { ssl: new Set(['key', 'keys']) };

/** The object in the one form in which two can be compared. */
export function normalise(object: GatewayObject, kind?: GatewayKind): GatewayObject {
  const untold = kind === undefined ? undefined : NEVER_TOLD[kind];
  const kept = Object.entries(object)
    .filter(([name]) => !ADDED_BY_THE_GATEWAY.has(name) && !untold?.has(name))
    // An id may be written as a number; the gateway looks it up as text.
    .map(([name, value]) => [
      name,
      name.endsWith('_id') && typeof value === 'number' ? String(value) : value,
    ]);
  const result: GatewayObject = Object.fromEntries(kept);
  if ('nodes' in result) result.nodes = normaliseNodes(result.nodes);
  if (isRecord(result.upstream)) result.upstream = normalise(result.upstream);
  return result;
}

/**
 * `{"127.0.0.1:80": 1}` and `[{host, port, weight, priority: 0}]` say the same, in any order: both become a map by
 * address, to the weight alone where nothing else is said. What is no list of nodes stays as it is: the gateway
 * judges it.
 */
function normaliseNodes(nodes: unknown): unknown {
  if (!Array.isArray(nodes) || !nodes.every(isRecord)) return nodes;
  const entries = nodes.map(({ host, port, priority, ...rest }): [string, unknown] => {
    const node = priority === undefined || priority === 0 ? rest : { ...rest, priority };
    const onlyWeight = Object.keys(node).length === 1 && 'weight' in node;
    return [port === undefined ? String(host) : `${host}:${port}`, onlyWeight ? node.weight : node];
  });
  const byAddress = Object.fromEntries(entries);
  return Object.keys(byAddress).length === nodes.length ? byAddress : nodes;
}

/**
 * True when the object is there just as it is declared, field by field. False says nothing: the two may still be the
 * same in their normal form. Thousands of objects that have not changed are passed over by this.
 */
export function isPlainlySame(declared: GatewayObject, there: GatewayObject, kind: GatewayKind): boolean {
  const untold = NEVER_TOLD[kind];
  const counts = (name: string) => !ADDED_BY_THE_GATEWAY.has(name) && untold?.has(name) !== true;
  for (const name of Object.keys(there)) if (counts(name) && declared[name] === undefined) return false;
  for (const name of Object.keys(declared)) {
    if (counts(name) && !isSame(declared[name], there[name])) return false;
  }
  return true;
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  for (const name of names) {
    if (!isSame((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name])) return false;
  }
  return true;
}
