import type { GatewayObject } from '../../../model/gateway.ts';

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null;

/** PATCH without a sub-path: objects merge, `null` deletes, arrays are replaced. */
export function mergePatch(value: GatewayObject, patch: Table): GatewayObject {
  return merged(value, patch) as GatewayObject;
}

function merged(origin: Table, patch: Table): Table {
  // A map, and a property made of each entry: `__proto__` is a name like another.
  const result = new Map(Object.entries(origin));
  for (const [name, change] of Object.entries(patch)) {
    const old = result.get(name);
    if (change === null) result.delete(name);
    else if (isTable(change) && isTable(old) && !Array.isArray(change) && !Array.isArray(old)) {
      result.set(name, merged(old, change));
    } else {
      result.set(name, change);
    }
  }
  return Object.fromEntries(result);
}

/** PATCH with a sub-path (`upstream/nodes`): the value there is replaced. Gives the message when there is no such place. */
export function subPathPatch(
  value: GatewayObject,
  subPath: string,
  replacement: unknown,
): { value: GatewayObject } | { error: string } {
  const result = structuredClone(value);
  const names = subPath.split('/');
  let place: Table = result;
  for (const [index, name] of names.slice(0, -1).entries()) {
    if (!Object.hasOwn(place, name)) define(place, name, {});
    const next = place[name];
    if (!isTable(next)) return { error: `invalid sub-path: /${names.slice(0, index + 1).join('/')}` };
    place = next;
  }
  const last = names.at(-1) ?? '';
  if (last === '') return { error: `invalid sub-path: /${subPath}` };
  if (replacement === null) delete place[last];
  else define(place, last, replacement);
  return { value: result };
}

/** A property of its own, also under the name of one that every object inherits. */
function define(place: Table, name: string, value: unknown): void {
  Object.defineProperty(place, name, { value, enumerable: true, writable: true, configurable: true });
}
