import type { StackDocument } from '../config/document.ts';
import { constantName } from '../config/name.ts';
import { isRecord } from '../record.ts';

const BEGIN = '  # The services, as their files say; qbtc new, add and remove write this part anew.';
const END = '  # End of the services.';

/**
 * The compose file with the part of the services made anew from what the stack says of them. A file without the marks of
 * that part stays as it is, and so does a service that somebody wrote down outside of it.
 */
export function withComposeServices(written: string, { data }: StackDocument): string {
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
    ([name, service]) => isRecord(service) && typeof service.entry === 'string' && !byHand.has(name),
  ) as [string, Record<string, unknown>][];
  // What has no container, as a service with a command of its own, cannot be waited for.
  const contained = new Set([...byHand, ...generated.map(([name]) => name)]);
  const blocks = generated.map(([name, service]) => blockOf(name, service, standIns, contained));
  return `${before}${BEGIN}\n${blocks.join('\n')}${END}\n${after}`.replaceAll('\n', lineEnd);
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
  contained: ReadonlySet<string>,
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
    .map((each) => `      ${each}: { condition: service_healthy }\n`);
  return `  ${name}:
    <<: *service
    build:
      context: ..
      dockerfile: infrastructure/service.Dockerfile
      args: { SERVICE: ${String(service.path)}, ENTRY: ${String(service.entry)} }
    env_file: [${file}]
    ports: ["127.0.0.1:${value('PORTS', '0')}:${value('PORT', '1')}"]
    scale: ${value('REPLICAS', '0')}
${conditions.length === 0 ? '' : `    depends_on:\n${conditions.join('')}`}`;
}
