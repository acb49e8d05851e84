import type { ResourceKind } from '../../model/resource.ts';
import type { Said } from '../fact.ts';
import { kindOfScheme } from '../images.ts';
import type { Field } from './draft.ts';
import {
  type Address,
  addressOf,
  converted,
  holdsCredentials,
  LOCAL,
  literal,
  secrecyOf,
} from './references.ts';
import { resourceOfKind, type Surrounded, type Surroundings } from './surroundings.ts';
import { FIELDS, PREFIXES, splitName } from './variable-names.ts';

/**
 * The variables of a service as `qbtc.yaml` has them: addresses become references, secrets are never copied, and what
 * leads to something that is not here is asked for from outside.
 */
export function environmentOf(
  written: Readonly<Record<string, Said<string>>>,
  surrounded: Surrounded,
): Record<string, Field<string>> {
  const prefixes = resourcesByPrefix(written, surrounded);
  const all = { ...surrounded, written };
  const env: Record<string, Field<string>> = {};
  for (const [name, said] of Object.entries(written)) {
    const field = neighbour(name, said, written, all) ?? variable(name, said, prefixes, all);
    // What nobody gives a value, and leads nowhere here, is the service's own affair.
    if (said.guess === undefined || field.value !== '') env[name] = field;
  }
  return env;
}

function isBroker(name: string, { around }: Surrounded): boolean {
  return around.resources.get(name)?.kind === 'rabbitmq';
}

/** What the variables of one prefix say of the host. */
function hostOf(prefix: string, written: Readonly<Record<string, Said<string>>>): string | undefined {
  return ['_HOST', '_HOSTNAME', '_SERVER', 'HOST']
    .map((suffix) => written[`${prefix}${suffix}`]?.value)
    .find((each) => each !== undefined);
}

/** `USERS_HOST: users` and the `USERS_PORT` beside it, where `users` is a service. */
function neighbour(
  name: string,
  { at, value }: Said<string>,
  written: Readonly<Record<string, Said<string>>>,
  { around, uses }: Surrounded,
): Field<string> | undefined {
  const split = splitName(name);
  if (split?.field !== 'host' && split?.field !== 'port') return undefined;
  const host = hostOf(split.prefix, written);
  const service = host === undefined ? undefined : around.services.get(host);
  if (service?.port === undefined) return undefined;
  uses.add(service.name);
  if (split.field === 'host') return { value: `\${services.${service.name}.host}`, at };
  return { value: Number(value) === service.inside ? `\${services.${service.name}.port}` : value, at };
}

function variable(
  name: string,
  said: Said<string>,
  prefixes: ReadonlyMap<string, string>,
  surrounded: Surrounded & { written: Readonly<Record<string, Said<string>>> },
): Field<string> {
  const { at, value, guess } = said;
  const field = (text: string, why?: string): Field<string> => ({
    value: text,
    at,
    ...(guess && { guess }),
    ...(why === undefined ? {} : { why }),
  });
  const reference = (resource: string, part: string) => {
    surrounded.uses.add(resource);
    return `\${resources.${resource}.${part}}`;
  };
  const split = splitName(name);
  const owner = split && prefixes.get(split.prefix);
  if (split !== undefined && owner !== undefined) {
    const kind = surrounded.around.resources.get(owner)?.kind;
    // A whole address that stands there is rewritten below: it may lead elsewhere.
    const isUnsaid =
      (split.field !== 'url' && !/:\d+$/.test(value)) || value === '' || /^\$\{?\w+\}?$/.test(value);
    const words = surrounded.around.resources.get(owner)?.words ?? [];
    const has = kind !== 'container' || ['host', 'port', 'url', ...words].includes(split.field);
    if (kind !== undefined && isUnsaid && has && [...FIELDS[kind], 'url'].includes(split.field))
      return field(reference(owner, split.field));
  }
  const away = split && hostOf(split.prefix, surrounded.written);
  if (split !== undefined && away !== undefined && surrounded.around.leftOut.has(away)) {
    if (split.field === 'host') {
      asked(surrounded, name, at, `${away}, which is left out`);
      return field(`\${${name}:-127.0.0.1}`);
    }
    if (split.field === 'password') {
      asked(surrounded, name, at, 'a value that is not copied');
      return field(`\${${name}:-}`, 'the value is not copied');
    }
  }
  const rewritten = address(value, surrounded, reference);
  if (
    rewritten !== undefined &&
    split?.field === 'host' &&
    owner !== undefined &&
    isBroker(owner, surrounded)
  ) {
    const vhost = Object.keys(surrounded.written).some((each) => /VHOST$/.test(each));
    const text = `${rewritten.text}/${reference(owner, 'vhost')}`;
    // Host and port in one are the end of an address, in which the vhost would follow.
    if (!vhost) return { ...field(text, 'with the vhost of the stack behind it'), guess: true };
  }
  if (rewritten !== undefined) return field(rewritten.text, rewritten.why);
  const there = addressOf(value);
  const isContainer =
    there !== undefined && surrounded.around.resources.get(there.host)?.kind === 'container';
  if (there !== undefined && (isContainer || surrounded.around.leftOut.has(there.host))) {
    const port = there.port === undefined ? '' : `:${there.port}`;
    const fallback = `${there.scheme}://127.0.0.1${port}${plainPath(there.path)}${plainPath(there.query)}`;
    asked(surrounded, name, at, `${there.scheme}://${there.host}${port}`);
    const why = there.credentials ? 'without its credentials' : undefined;
    return field(`\${${name}:-${fallback}}`, why);
  }
  const { text, refers, needed } = converted(value);
  const holds = holdsCredentials(value);
  const told = there?.credentials ? 'given' : (secrecyOf(name) ?? (holds ? 'given' : undefined));
  const secrecy = value === '' ? undefined : told;
  if (secrecy === 'generated')
    return field(
      `\${secrets.${surrounded.secretNamed(name, value, at)}}`,
      'the value is generated, not copied',
    );
  if (secrecy === 'given') {
    const isShown = refers && !holds;
    asked(surrounded, name, at, isShown ? text : 'a value that is not copied');
    return field(`\${${name}:-}`, isShown ? undefined : 'the value is not copied');
  }
  for (const each of needed) if (secrecyOf(each) !== undefined) asked(surrounded, each, at, `\${${each}}`);
  return field(text);
}

function asked(
  { obstacles, service }: Surrounded,
  name: string,
  at: Said<string>['at'],
  found: string,
): void {
  if (
    obstacles.some(
      (each) => each.code === 'value-needed' && each.of === service && each.fix.startsWith(`${name}=`),
    )
  )
    return;
  obstacles.push({
    code: 'value-needed',
    at,
    of: service,
    found,
    fix: `${name}=… in .env beside qbtc.yaml, where the service needs it`,
  });
}

/** Without what would end a reference. */
function plainPath(text: string): string {
  return text.replaceAll(/\$\{[^}]*\}|[{}]/g, '');
}

type Reference = (resource: string, part: string) => string;

/** An address of a part of the stack as a reference to it. */
function address(
  value: string,
  surrounded: Surrounded,
  reference: Reference,
): { text: string; why?: string } | undefined {
  const { resources, services } = surrounded.around;
  const bare = /^([A-Za-z0-9_.-]+):(\d+)$/.exec(value);
  if (bare !== null) {
    const [, host = '', port] = bare;
    const resource = resources.get(host);
    if (resource !== undefined)
      return { text: `${reference(resource.name, 'host')}:${reference(resource.name, 'port')}` };
    const service = services.get(host);
    if (service?.port === undefined) return undefined;
    surrounded.uses.add(service.name);
    const own = service.inside === Number(port) || service.inside === undefined;
    const name = `services.${service.name}`;
    return { text: `\${${name}.host}:${own ? `\${${name}.port}` : port}` };
  }
  const jdbc = /^jdbc:(?=postgresql:)/.test(value);
  const there = addressOf(jdbc ? value.slice('jdbc:'.length) : value);
  if (there === undefined) return undefined;
  const kind = kindOfScheme(there.scheme);
  if (kind !== undefined) {
    const named = resources.get(there.host);
    const sole = LOCAL.test(there.host) ? resourceOfKind(kind, surrounded) : undefined;
    const name = named?.kind === kind ? named.name : sole;
    if (name === undefined) return undefined;
    const why = there.path.length > 1 ? `${KEPT_BY[kind]} is that of the stack` : undefined;
    if (jdbc) {
      const [host, port, database] = ['host', 'port', 'database'].map((part) => reference(name, part));
      return { text: `jdbc:postgresql://${host}:${port}/${database}`, ...(why && { why }) };
    }
    const driver = there.scheme.split('+')[1];
    if (driver !== undefined) {
      const parts = ['user', 'password', 'host', 'port', 'database'].map((part) => reference(name, part));
      const [user, password, host, port, database] = parts;
      return { text: `${there.scheme}://${user}:${password}@${host}:${port}/${database}` };
    }
    const query = kind === 'postgres' ? literal(there.query) : '';
    return { text: `${reference(name, 'url')}${query}`, ...(why && { why }) };
  }
  const container = resources.get(there.host);
  if (container?.kind === 'container') return intoContainer(there, container, reference);
  if (!/^(https?|wss?)$/.test(there.scheme)) return undefined;
  const service = services.get(there.host) ?? byPort(there.host, there.port, services);
  if (service?.port === undefined) return undefined;
  surrounded.uses.add(service.name);
  const rest = `${literal(there.path)}${literal(there.query)}`;
  if (there.scheme.startsWith('ws')) {
    const name = `services.${service.name}`;
    return { text: `${there.scheme}://\${${name}.host}:\${${name}.port}${rest}` };
  }
  return { text: `\${services.${service.name}.url}${rest}` };
}

/** The address of a container, by the account that it has where the address has one. */
function intoContainer(
  there: Address,
  { name, words, inside }: { name: string; words: readonly string[]; inside?: number },
  reference: Reference,
): { text: string; why?: string } | undefined {
  const has = words.includes('user') && words.includes('password');
  if (there.credentials && !has) return undefined;
  const account = there.credentials ? `${reference(name, 'user')}:${reference(name, 'password')}@` : '';
  const isMain = there.port === undefined || Number(there.port) === inside;
  const port = isMain ? reference(name, 'port') : there.port;
  const rest = `${literal(there.path)}${literal(there.query)}`;
  return { text: `${there.scheme}://${account}${reference(name, 'host')}:${port}${rest}` };
}

const KEPT_BY: Record<ResourceKind, string> = {
  rabbitmq: 'the vhost',
  redis: 'the database',
  postgres: 'the database',
  apisix: 'the path',
  process: 'the path',
  container: 'the path',
};

function byPort(host: string, port: string | undefined, services: Surroundings['services']) {
  if (!LOCAL.test(host) || port === undefined) return undefined;
  return [...services.values()].find(({ outside, inside }) => (outside ?? inside) === Number(port));
}

/** Which resource the variables of one prefix speak of: the one that its HOST names, or the only one of the kind. */
function resourcesByPrefix(
  written: Readonly<Record<string, Said<string>>>,
  surrounded: Surrounded,
): Map<string, string> {
  const { resources, services, leftOut } = surrounded.around;
  const found = new Map<string, string>();
  const prefixes = new Set(Object.keys(written).map((name) => splitName(name)?.prefix ?? ''));
  prefixes.delete('');
  for (const prefix of prefixes) {
    const kind = PREFIXES.find(([pattern]) => pattern.test(prefix))?.[1];
    const host = Object.entries(written).find(([name]) => {
      const split = splitName(name);
      return split?.prefix === prefix && split.field === 'host';
    })?.[1].value;
    const plain =
      host === undefined
        ? undefined
        : converted(host)
            .text.replace(/^\$\{\w+:-(.*)\}$/, '$1')
            .replace(/:\d+$/, '');
    const named = plain === undefined ? undefined : resources.get(plain);
    if (named !== undefined) found.set(prefix, named.name);
    else if (kind !== undefined && (plain === undefined || plain === '' || LOCAL.test(plain))) {
      if (plain !== undefined && (services.has(plain) || leftOut.has(plain))) continue;
      const only = resourceOfKind(kind, surrounded);
      if (only !== undefined) found.set(prefix, only);
    }
  }
  return found;
}
