import { isRecord, type StackDocument } from '../config/document.ts';

const BEGIN = '  # The services, as their files say; qbtc new, add and remove write this part anew.';
const END = '  # End of the services.';

/**
 * The compose file with the part of the services made anew from what the stack says of them. A file without the marks of
 * that part stays as it is, and so does a service that somebody wrote down outside of it.
 */
export function withComposeServices(text: string, { data }: StackDocument): string {
  const [before, rest] = split(text, `${BEGIN}\n`);
  const [, after] = rest === undefined ? [] : split(rest, `${END}\n`);
  if (after === undefined) return text;
  const services = isRecord(data.services) ? data.services : {};
  const written = new Set([...`${before}${after}`.matchAll(/^ {2}([\w-]+):/gm)].map(([, name]) => name));
  const standIns = new Set(Object.keys(services).filter((name) => isStandIn(services[name])));
  const blocks = Object.entries(services).flatMap(([name, service]) =>
    isRecord(service) && typeof service.entry === 'string' && !written.has(name)
      ? [blockOf(name, service, standIns)]
      : [],
  );
  return `${before}${BEGIN}\n${blocks.join('\n')}${END}\n${after}`;
}

function split(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

function isStandIn(service: unknown): boolean {
  return isRecord(service) && service.stands_in_for !== undefined;
}

function blockOf(name: string, service: Record<string, unknown>, standIns: ReadonlySet<string>): string {
  const variable = name.toUpperCase().replaceAll('-', '_');
  const standIn = standIns.has(name);
  // Of one that may be left out nothing is asked for.
  const value = (field: string, fallback: string) =>
    `\${${variable}_${field}:${standIn ? `-${fallback}` : '?'}}`;
  const file = standIn ? `{ path: env/${name}.env, required: false }` : `"env/${name}.env"`;
  const needed = Array.isArray(service.depends_on) ? service.depends_on.map(String) : [];
  const conditions = needed
    .filter((each) => !standIns.has(each))
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
