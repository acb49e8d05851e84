import * as z from 'zod';
import type { Readiness, ReadinessKind } from '../model/readiness.ts';
import { isRecord } from '../record.ts';
import { filled, path, whole } from './fields.ts';
import { listed } from './mistake.ts';
import type { Rule } from './rule.ts';

/** Where a health document is when nobody says otherwise. */
export const HEALTH_PATH = '/health';

const statusCode = () => whole(100, 599, 'a status');

/** The key of each kind of readiness in the mapping that `health` may be. */
const KEYS = {
  http: 'path',
  tcp: 'tcp',
  grpc: 'grpc',
  log: 'log',
  command: 'command',
  consumes: 'consumes',
  process: 'process',
} as const satisfies Record<ReadinessKind, string>;

const FORMS = `a path that starts with /, or a mapping with one of ${listed(Object.values(KEYS))}`;
const ON = z.literal(true, { error: 'true' });

/** Several words, the first one a program. */
export const commandLine = () =>
  z
    .array(filled('a word of a command line'))
    .min(1, { error: 'a program and its arguments' })
    .transform((words) => words as [string, ...string[]]);

/** One command line, or several. */
export const commandLines = () =>
  z
    .union([commandLine(), z.array(commandLine()).min(1)], {
      error: 'a program and its arguments, or a list of them',
    })
    .transform((lines): [string, ...string[]][] => (isSeveral(lines) ? lines : [lines]));

function isSeveral(lines: [string, ...string[]] | [string, ...string[]][]): lines is [string, ...string[]][] {
  return Array.isArray(lines[0]);
}

const mapping = z.strictObject({
  path: path().optional().describe('The path of the health document.'),
  status: z
    .union([statusCode(), z.array(statusCode()).min(1)], { error: 'a status or a list of them' })
    .optional()
    .describe('With `path`: the statuses that are well; all of 2xx when left out.'),
  tcp: ON.optional().describe('Its port takes connections.'),
  grpc: z
    .union([ON, filled('the name of a service')], { error: 'true or the name of a gRPC service' })
    .optional()
    .describe(
      'It serves, by the health protocol of gRPC (`grpc.health.v1`): the service of this name, or the server as a whole.',
    ),
  log: filled('a pattern')
    .refine(isPattern, { error: 'a regular expression' })
    .optional()
    .describe('It has written a line that this regular expression matches, since it was started.'),
  command: commandLine()
    .optional()
    .describe('A program that ends with 0, run in `path` with the environment of the service.'),
  consumes: filled('a queue')
    .optional()
    .describe('The broker (that of `events`, or else the only one) has a consumer of this queue.'),
  process: ON.optional().describe('It runs, and has done so for a moment.'),
});

/** `health` of a service as it is written. */
export const readinessSchema = () => z.union([path(), mapping], { error: FORMS });
type Written = z.output<ReturnType<typeof readinessSchema>>;

/** What it means. Left out, it is a health document where something listens, or else that the process runs. */
export function readinessOf(written: Written | undefined, listens: boolean): Readiness {
  if (written === undefined) return listens ? { kind: 'http', path: HEALTH_PATH } : { kind: 'process' };
  if (typeof written === 'string') return { kind: 'http', path: written };
  const { status, grpc, log, command, consumes } = written;
  if (written.path !== undefined)
    return { kind: 'http', path: written.path, ...(status === undefined ? {} : { status: [status].flat() }) };
  if (written.tcp !== undefined) return { kind: 'tcp' };
  if (grpc !== undefined) return { kind: 'grpc', service: grpc === true ? '' : grpc };
  if (log !== undefined) return { kind: 'log', pattern: log };
  if (command !== undefined) return { kind: 'command', command };
  if (consumes !== undefined) return { kind: 'consumes', queue: consumes };
  return { kind: 'process' };
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

/** Those that are asked over the network. */
const OVER_NETWORK: ReadonlySet<ReadinessKind> = new Set(['http', 'tcp', 'grpc']);
/** Those that look at the process itself. */
const OF_PROCESS: ReadonlySet<ReadinessKind> = new Set(['log', 'process']);

export const readinessIsOne: Rule = ({ services, infrastructure }, report) => {
  const brokers = Object.entries(infrastructure).filter(([, { kind }]) => kind === 'rabbitmq');
  for (const [name, { health, port, url, events }] of Object.entries(services)) {
    if (health === undefined) continue;
    const at = ['services', name, 'health'];
    const kinds = isRecord(health) ? kindsIn(health) : (['http'] as const);
    const keys = kinds.map((kind) => KEYS[kind]);
    const [kind] = kinds;
    // A key that there is not is told as that.
    if (isRecord(health) && !Object.keys(health).every((key) => Object.hasOwn(mapping.shape, key))) continue;
    if (kind === undefined || kinds.length > 1) {
      const found = kind === undefined ? 'none of them' : `both ${listed(keys, 'and')}`;
      report(at, found, `one of ${listed(Object.values(KEYS))}`);
      continue;
    }
    if (isRecord(health) && health.status !== undefined && kind !== 'http')
      report([...at, 'status'], `status beside ${KEYS[kind]}`, 'path beside it', { key: true });
    if (OVER_NETWORK.has(kind) && port === undefined && url === undefined)
      report(at, `${isRecord(health) ? KEYS[kind] : 'a path'} without a port`, '"port" of the service, too');
    if (OF_PROCESS.has(kind) && url !== undefined)
      report(
        at,
        `${KEYS[kind]} of a service that somebody else runs`,
        'path, tcp, grpc, command or consumes',
      );
    if (kind === 'consumes' && events?.resource === undefined && brokers.length !== 1) {
      const found = `consumes with ${brokers.length === 0 ? 'no resource' : 'several resources'} of kind rabbitmq`;
      report(at, found, brokers.length === 0 ? 'a resource of kind rabbitmq' : '"events" with a resource');
    }
  }
};

/** The kinds of readiness that a mapping names; one is right. */
export function kindsIn(health: Record<string, unknown>): ReadinessKind[] {
  return (Object.keys(KEYS) as ReadinessKind[]).filter((kind) => health[KEYS[kind]] !== undefined);
}
