import { NAME, NAME_MAX, NAME_RULE } from '../../config/fields.ts';
import { constantName, freeName, instanceNames, suggestName } from '../../config/name.ts';
import { amongOutgoing, MAX_PORT, REFUSED_BY_FETCH } from '../../config/ports.ts';
import { EXIT, QbtcError } from '../../errors.ts';
import type { OutgoingPorts } from '../../model/observation.ts';
import type { Stack } from '../../model/stack.ts';
import { RESERVED_NAMES } from '../../state/files.ts';

/** Git, bundlers and qbtc itself pass over folders that are called so. */
const PASSED_OVER = new Set(['node_modules', 'dist', 'build', 'out', 'target', 'vendor', 'coverage', 'venv']);

/** What is needed of a stack to tell which names are taken. */
export interface Names {
  stack: Pick<Stack, 'services' | 'resources'>;
  /** Names of flows, of packages, and of folders beside the one that is to be made. */
  flows: readonly string[];
  packages: readonly string[];
  hasFolder(name: string): boolean;
}

/**
 * Sees to it that a service can be called so.
 * @throws QbtcError NAME_INVALID, NAME_TAKEN, each with the nearest name that would do
 */
export function checkServiceName(name: string, names: Names, command: (name: string) => string): void {
  if (!NAME.test(name) || name.length > NAME_MAX) {
    const near = suggestName(name, 'service')
      .slice(0, NAME_MAX - 3)
      .replace(/-+$/, '');
    throw new QbtcError(
      'NAME_INVALID',
      `"${name}" cannot be the name of a service: expected ${NAME_RULE}, at most ${NAME_MAX} of them`,
      {
        hint: command(freeName(near, (each) => holderOf(each, names) !== undefined)),
        exit: EXIT.usage,
      },
    );
  }
  const holder = holderOf(name, names);
  if (holder === undefined) return;
  // A number behind it must not make it too long.
  const near = name.length > NAME_MAX - 3 ? name.slice(0, NAME_MAX - 3).replace(/[-_]+$/, '') : name;
  const isTaken = (each: string) => holderOf(each, names) !== undefined;
  throw new QbtcError('NAME_TAKEN', `the name ${name} is taken: ${holder}`, {
    hint: command(freeName(near, isTaken)),
    exit: EXIT.usage,
  });
}

/** Who has the name, in words; `undefined` where nobody has. */
function holderOf(name: string, { stack, flows, packages, hasFolder }: Names): string | undefined {
  if (RESERVED_NAMES.has(name)) return 'qbtc keeps it for itself';
  if (PASSED_OVER.has(name)) return 'a folder of that name is taken for what a program has written';
  const variables = constantName(name);
  for (const service of stack.services) {
    if (service.name === name) return `the stack has a service ${name}`;
    if (instanceNames(service.name, service.replicas).includes(name))
      return `an instance of ${service.name} has it`;
    if (constantName(service.name) === variables)
      return `${service.name} has the same variables, ${variables}_…`;
    for (const route of service.routes) {
      if (route.name === name) return `a route of ${service.name} has it`;
      const paths = [route.uri, ...(route.uris ?? [])].map((uri) => uri?.replace(/\/\*$/, ''));
      if (paths.includes(`/api/${name}`))
        return `/api/${name} is answered by the route ${route.name} of ${service.name}`;
    }
  }
  for (const resource of stack.resources)
    if (constantName(resource.name) === variables) return `the stack has a resource ${resource.name}`;
  if (flows.includes(name)) return `the stack has a flow ${name}`;
  if (packages.includes(name)) return `the stack has a package ${name}`;
  return hasFolder(name) ? `there is a folder services/${name}` : undefined;
}

/** What is needed to tell which ports are taken. Ports are those that are listened on: with the port base. */
export interface Ports {
  base: number;
  /** Those of the stack, with who has them. */
  taken: ReadonlyMap<number, string>;
  outgoing: OutgoingPorts | undefined;
  isFree(port: number): Promise<boolean>;
}

/**
 * The port that was asked for, or else the first from `from` that nobody has, without the port base.
 * @throws QbtcError PORT_TAKEN with the nearest one that is free
 */
export async function choosePort(
  { asked, from }: { asked: number | undefined; from: number },
  ports: Ports,
  command: (port: number) => string,
): Promise<number> {
  const next = async (first: number): Promise<number | undefined> => {
    for (let port = first; port + ports.base <= MAX_PORT; port += 1)
      if ((await whyNot(port, ports)) === undefined) return port;
    return undefined;
  };
  const why = asked === undefined ? undefined : await whyNot(asked, ports);
  if (asked !== undefined && why === undefined) return asked;
  const near = (await next(asked ?? from)) ?? (await next(1024));
  if (asked === undefined && near !== undefined) return near;
  throw new QbtcError(
    'PORT_TAKEN',
    why === undefined ? 'no port is free' : `the port ${asked} cannot be taken: ${why}`,
    {
      ...(near === undefined ? {} : { hint: command(near) }),
      exit: EXIT.usage,
    },
  );
}

/** Why nobody may listen there; `undefined` where one may. */
async function whyNot(
  declared: number,
  { base, taken, outgoing, isFree }: Ports,
): Promise<string | undefined> {
  const port = declared + base;
  const shown = base === 0 ? '' : `, ${port} with the port base,`;
  if (port > MAX_PORT) return `with the port base it is ${port}, and ports end at ${MAX_PORT}`;
  const holder = taken.get(port);
  if (holder !== undefined) return `it${shown} is that of ${holder}`;
  if (REFUSED_BY_FETCH.has(port)) return `browsers and fetch refuse it${shown}`.replace(/,$/, '');
  if (amongOutgoing([port], outgoing).length > 0)
    return `this machine gives it${shown} to outgoing connections`;
  return (await isFree(port)) ? undefined : `something listens on it${shown} on this machine`;
}
