import type { GatewayObject } from '../../../model/gateway.ts';

type Table = Record<string, unknown>;

/** Not a name of data in JavaScript: assigning it would change the object's class. */
const PROTOTYPE = '__proto__';

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null;

/** PATCH without a sub-path: objects merge, `null` deletes, arrays are replaced. */
export function mergePatch(value: GatewayObject, patch: Table): GatewayObject {
  return merged(value, patch) as GatewayObject;
}

function merged(origin: Table, patch: Table): Table {
  const result = { ...origin };
  for (const [name, change] of Object.entries(patch)) {
    if (name === PROTOTYPE) continue;
    const old = result[name];
    if (change === null) delete result[name];
    else if (isTable(change) && isTable(old) && !Array.isArray(change) && !Array.isArray(old)) {
      result[name] = merged(old, change);
    } else {
      result[name] = change;
    }
  }
  return result;
}

/** PATCH with a sub-path (`upstream/nodes`): the value there is replaced. Gives the message when there is no such place. */
export function subPathPatch(
  value: GatewayObject,
  subPath: string,
  replacement: unknown,
): { value: GatewayObject } | { error: string } {
  const result = structuredClone(value);
  const names = subPath.split('/');
  if (names.includes(PROTOTYPE)) return { error: `invalid sub-path: /${subPath}` };
  let place: Table = result;
  for (const [index, name] of names.slice(0, -1).entries()) {
    if (!Object.hasOwn(place, name)) place[name] = {};
    const next = place[name];
    if (!isTable(next)) return { error: `invalid sub-path: /${names.slice(0, index + 1).join('/')}` };
    place = next;
  }
  const last = names.at(-1) ?? '';
  if (last === '') return { error: `invalid sub-path: /${subPath}` };
  if (replacement === null) delete place[last];
  else place[last] = replacement;
  return { value: result };
}
