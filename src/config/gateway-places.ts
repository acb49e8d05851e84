import { DECLARED_KINDS, type GatewayDeclaration, type GatewayKind } from '../model/gateway.ts';
import type { StackDocument } from './document.ts';
import type { GatewaySource } from './gateway-files.ts';
import type { FieldPath } from './mistake.ts';
import type { GatewayFile, StackFile } from './schema.ts';

type Positions = Pick<StackDocument, 'at' | 'keyAt'>;
interface Written {
  shown: string;
  document: Positions;
  /** Where the object itself stands in that file. */
  path: FieldPath;
}

/** Finds where the objects of the gateway are written; see `GatewayDeclaration.locate`. Indexed when first asked. */
export function locator(
  config: StackFile,
  stackFile: { shown: string; document: Positions },
  sources: readonly GatewaySource[],
): GatewayDeclaration['locate'] {
  let index: Map<string, Written> | undefined;
  return (kind, id, path = []) => {
    index ??= indexOf(config, stackFile, sources);
    const placed = index.get(keyOf(kind, id));
    if (placed === undefined) return undefined;
    const { shown, document } = placed;
    const field = [...placed.path, ...path];
    // A list's object starts at its first field; a named one at its name.
    const at =
      path.length === 0 && typeof field.at(-1) === 'string' ? document.keyAt(field) : document.at(field);
    return { file: at.included?.file ?? shown, line: at.line, column: at.column };
  };
}

const keyOf = (kind: GatewayKind, id: string) => `${kind} ${id}`;

function indexOf(
  config: StackFile,
  stackFile: { shown: string; document: Positions },
  sources: readonly GatewaySource[],
): Map<string, Written> {
  const index = new Map<string, Written>();
  const add = (kind: GatewayKind, id: string, placed: Written) => {
    // Of two that claim an id the first is kept; the second is reported as the mistake.
    const key = keyOf(kind, id);
    if (!index.has(key)) index.set(key, placed);
  };
  for (const [name, service] of Object.entries(config.services)) {
    add('upstream', `${config.name}-${name}`, { ...stackFile, path: ['services', name] });
    for (const [position, route] of service.routes.entries()) {
      const path = ['services', name, 'routes', position];
      add('route', `${config.name}-${route.name}`, { ...stackFile, path });
    }
  }
  const addLists = (lists: GatewayFile, prefix: FieldPath, file: { shown: string; document: Positions }) => {
    for (const [kind, list] of Object.entries(DECLARED_KINDS) as [
      keyof typeof DECLARED_KINDS,
      keyof GatewayFile,
    ][]) {
      for (const [position, { id }] of (lists[list] as { id: string }[]).entries()) {
        add(kind, id, { ...file, path: [...prefix, list, position] });
      }
    }
    for (const [position, { username, credentials = [] }] of lists.consumers.entries()) {
      const path = [...prefix, 'consumers', position];
      add('consumer', username, { ...file, path });
      for (const [inner, { id }] of credentials.entries()) {
        add('credential', `${username}/${id}`, { ...file, path: [...path, 'credentials', inner] });
      }
    }
  };
  addLists(config.gateway, ['gateway'], stackFile);
  for (const { lists, shown, document } of sources) addLists(lists, [], { shown, document });
  return index;
}
