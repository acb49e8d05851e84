import { GATEWAY_ID, GATEWAY_ID_LENGTH, type GatewayObject } from '../model/gateway.ts';

/** The URIs of a route, however many it has. */
export function urisOf(route: GatewayObject): string[] {
  return [route.uri ?? route.uris ?? []].flat().map(String);
}

/** The path itself and everything below it. */
export function urisBelow(path: string): string[] {
  return path === '/' ? ['/*'] : [path, `${path}/*`];
}

/** Why this cannot be the path of a service; `undefined` when it can. */
export function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'a path that starts with /';
  // In a path pattern of the gateway these mean more than themselves.
  if (/[\s?#*{}\\]/.test(path) || path.includes('/:')) return 'a path without blanks and ? # * { } \\ /:';
  if (path.includes('//')) return 'a path without //';
  if (path.split('/').some((part) => part === '.' || part === '..')) return 'a path without . and ..';
  return undefined;
}

/** Without the slash at the end. */
export function plainPath(path: string): string {
  return path === '/' ? path : path.replace(/\/+$/, '');
}

/** The id of what a discovered service has at the gateway. A dot tells it from what is declared: `acme.orders`. */
export function registrationId(name: string, stack: { name: string }): string {
  return `${stack.name}.${name}`;
}

/** Why APISIX would refuse that id; `undefined` when it takes it. */
export function idProblem(name: string, stack: { name: string }): string | undefined {
  const id = registrationId(name, stack);
  if (id.length > GATEWAY_ID_LENGTH)
    return `its id ${id} would have ${id.length} characters, APISIX takes ${GATEWAY_ID_LENGTH}`;
  return GATEWAY_ID.test(id) ? undefined : `its id "${id}" may hold letters, digits, "-", "_" and "." only`;
}
