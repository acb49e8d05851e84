/**
 * The name becomes a vhost, a database and its user, a user of the broker, an npm package and a folder:
 * the rule is what all of them take.
 */
export const STACK_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
export const STACK_NAME_MAX = 40;

/** What the rule says, for messages. */
export const STACK_NAME_RULE = `lower-case letters, digits and single hyphens, a letter first, at most ${STACK_NAME_MAX} characters`;

/**
 * Names that something else has taken: accounts and databases of PostgreSQL and RabbitMQ,
 * device names of Windows, the folder that npm owns.
 */
const TAKEN = new Set([
  'postgres',
  'template0',
  'template1',
  'public',
  'none',
  'guest',
  'con',
  'prn',
  'aux',
  'nul',
  ...['com', 'lpt'].flatMap((device) => [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `${device}${number}`)),
]);

/** Why this cannot be a stack's name; `undefined` when it can. */
export function stackNameProblem(name: string): string | undefined {
  if (name.length > STACK_NAME_MAX || !STACK_NAME.test(name)) return STACK_NAME_RULE;
  if (TAKEN.has(name)) return `a name that nothing else has taken ("${name}" is reserved)`;
  // PostgreSQL keeps the prefix pg_ for its own roles.
  if (name.startsWith('pg-')) return 'a name that does not start with "pg-" (PostgreSQL keeps it for itself)';
  return undefined;
}

/** The nearest name that is valid: `Größe 2` → `grosse-2`. */
export function suggestStackName(name: string): string {
  const short = suggestName(name, 'stack').slice(0, STACK_NAME_MAX).replace(/-+$/, '');
  return stackNameProblem(short) === undefined
    ? short
    : `my-${short}`.slice(0, STACK_NAME_MAX).replace(/-+$/, '');
}

/** The text as a name of lower-case letters, digits and single hyphens; `before` is set where it has no letter first. */
export function suggestName(name: string, before: string): string {
  const plain = name
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return /^[a-z]/.test(plain) ? plain : `${before}-${plain}`.replace(/-$/, '');
}

/** The name, or the first of `name-2`, `name-3`, … that is not taken. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  let name = wanted;
  for (let copy = 2; isTaken(name); copy += 1) name = `${wanted}-${copy}`;
  return name;
}

/** The name as variables of an environment begin with it: `quantum-core` is `QUANTUM_CORE`. */
export function constantName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}

/**
 * The names under which the instances of a service run (in `status`, as log file): with one replica the service's own,
 * otherwise `NAME-1`, `NAME-2`, ….
 */
export function instanceNames(service: string, replicas: number): string[] {
  if (replicas === 1) return [service];
  return Array.from({ length: replicas }, (_, index) => `${service}-${index + 1}`);
}
