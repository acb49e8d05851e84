import type { StackDocument } from '../config/document.ts';
import { constantName } from '../config/name.ts';
import { HEALTH_PATH } from '../config/readiness.ts';
import { isRecord } from '../record.ts';

const BEGIN = '  # The services, as their files say; qbtc new, add and remove write this part anew.';
const END = '  # End of the services.';

/**
 * The compose file with the part of the services made anew from what the stack says of them. A file without the marks of
 * that part stays as it is, and so does a service that somebody wrote down outside of it.
 *
 * @param withImage services with a command of their own whose folder has a Dockerfile
 */
export function withComposeServices(
  written: string,
  { data }: StackDocument,
  withImage: ReadonlySet<string> = new Set(),
): string {
  // A checkout may have line ends of its own: it keeps them.
  const lineEnd = written.includes('\r\n') ? '\r\n' : '\n';
  const text = written.replaceAll('\r\n', '\n');
  const [before, rest] = split(text, `${BEGIN}\n`);
  const [, after] = rest === undefined ? [] : split(rest, `${END}\n`);
  if (after === undefined) return written;
  const services = isRecord(data.services) ? data.services : {};
  const byHand = new Set([...`${before}${after}`.matchAll(/^ {2}([\w-]+):/gm)].map(([, name = '']) => name));
  const standIns = new Set(Object.keys(services).filter((name) => isStandIn(services[name])));
  const generated = Object.entries(services).filter(
    ([name, service]) =>
      isRecord(service) && (typeof service.entry === 'string' || withImage.has(name)) && !byHand.has(name),
  ) as [string, Record<string, unknown>][];
  // What has no container, as a service with a command of its own, cannot be waited for.
  const contained = new Map<string, Condition>([
    ...[...byHand].map((name) => [name, 'service_healthy'] as const),
    ...generated.map(
      ([name, service]) => [name, hasCheck(service) ? 'service_healthy' : 'service_started'] as const,
    ),
  ]);
  const blocks = generated.map(([name, service]) => blockOf(name, service, standIns, contained));
  return `${before}${BEGIN}\n${blocks.join('\n')}${END}\n${after}`.replaceAll('\n', lineEnd);
}

/** Where in the text of a compose file the part that is written anew stands, between its marks. */
export function servicesPart(text: string): { from: number; to: number } | undefined {
  const [begin, end] = [text.indexOf(`${BEGIN}\n`), text.indexOf(`${END}\n`)];
  const from = begin + BEGIN.length + 1;
  return begin < 0 || end < from ? undefined : { from, to: end };
}

/** Whether the compose file has a part of the services that is made anew. */
export function hasServicesPart(text: string): boolean {
  const [, rest] = split(text.replaceAll('\r\n', '\n'), `${BEGIN}\n`);
  return rest?.includes(`${END}\n`) === true;
}

type Condition = 'service_healthy' | 'service_started';

/** Whether its engine can ask it: over HTTP, at a path that is written out. */
function hasCheck(service: Record<string, unknown>): boolean {
  return service.port !== undefined && pathOf(service) !== undefined;
}

/** The path of its health document; `undefined` where it shows otherwise that it is ready. */
function pathOf({ health = HEALTH_PATH }: Record<string, unknown>): string | undefined {
  const path = isRecord(health) ? health.path : health;
  return typeof path === 'string' && path.startsWith('/') ? path : undefined;
}

/** What differs from the check that all services have. */
function healthcheckOf(service: Record<string, unknown>): string {
  const path = pathOf(service);
  if (path === undefined || service.port === undefined) return '    healthcheck: { disable: true }\n';
  const { status } = isRecord(service.health) ? service.health : {};
  if (path === HEALTH_PATH && status === undefined && !isPython(service)) return '';
  if (isPython(service)) return pythonCheck(path, status);
  const isWell =
    status === undefined ? 'answer.ok' : `${JSON.stringify([status].flat())}.includes(answer.status)`;
  const code = `fetch('http://127.0.0.1:' + process.env.PORT + ${JSON.stringify(path)}).then((answer) => process.exit(${isWell} ? 0 : 1), () => process.exit(1))`;
  return checkWith(['node', '-e', code]);
}

/** In its image there is no Node. */
function isPython({ command }: Record<string, unknown>): boolean {
  return Array.isArray(command) && /^python[\d.]*$/.test(String(command[0]));
}

function pythonCheck(path: string, status: unknown): string {
  const wanted = status === undefined ? '' : `.status not in ${JSON.stringify([status].flat())} and exit(1)`;
  const url = `'http://127.0.0.1:' + os.environ['PORT'] + ${JSON.stringify(path)}`;
  return checkWith(['python3', '-c', `import os, urllib.request; urllib.request.urlopen(${url})${wanted}`]);
}

function checkWith(command: readonly string[]): string {
  // Compose takes a dollar for the beginning of a variable.
  const test = JSON.stringify(['CMD', ...command]).replaceAll('$', '$$$$');
  return `    healthcheck: { test: ${test}, interval: 10s, timeout: 5s, retries: 5, start_period: 30s }\n`;
}

function split(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function isStandIn(service: unknown): boolean {
  return isRecord(service) && service.stands_in_for !== undefined;
}

function blockOf(
  name: string,
  service: Record<string, unknown>,
  standIns: ReadonlySet<string>,
  contained: ReadonlyMap<string, Condition>,
): string {
  const variable = constantName(name);
  const standIn = standIns.has(name);
  // Of one that may be left out nothing is asked for.
  const value = (field: string, fallback: string) =>
    `\${${variable}_${field}:${standIn ? `-${fallback}` : '?'}}`;
  const file = standIn ? `{ path: env/${name}.env, required: false }` : `"env/${name}.env"`;
  const needed = Array.isArray(service.depends_on) ? service.depends_on.map(String) : [];
  const conditions = needed
    .filter((each) => contained.has(each) && !standIns.has(each))
    .map((each) => `      ${each}: { condition: ${contained.get(each)} }\n`);
  const further = isRecord(service.ports) ? Object.keys(service.ports) : [];
  const ports = [
    ...(service.port === undefined ? [] : [`"127.0.0.1:${value('PORTS', '0')}:${value('PORT', '1')}"`]),
    ...further.map((each) => {
      const port = constantName(each);
      return `"127.0.0.1:${value(`PORTS_${port}`, '0')}:${value(`PORT_${port}`, '1')}"`;
    }),
  ];
  return `  ${name}:
    <<: *service
${buildOf(service)}    env_file: [${file}]
${ports.length === 0 ? '' : `    ports: [${ports.join(', ')}]\n`}${healthcheckOf(service)}    scale: ${value('REPLICAS', '0')}
${conditions.length === 0 ? '' : `    depends_on:\n${conditions.join('')}`}`;
}

/** That of the stack for what is bundled; its own for one with a command of its own. */
function buildOf({ path, entry }: Record<string, unknown>): string {
  if (entry === undefined) return `    build: { context: ${JSON.stringify(`../${String(path)}`)} }\n`;
  return `    build:
      context: ..
      dockerfile: infrastructure/service.Dockerfile
      args: { SERVICE: ${String(path)}, ENTRY: ${String(entry)} }
`;
}
