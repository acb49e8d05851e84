import type { StackDocument } from './document.ts';
import { type FieldPath, fieldName, listed, type Mistake, nearest } from './mistake.ts';
import { portMark, wordMark } from './own-ports.ts';
import { hasReferences, type Part, parseReferences, type ServiceField } from './reference.ts';

/** What references may be filled in with. */
export interface Values {
  env: Readonly<Record<string, string | undefined>>;
  /** The names that may be referred to, and their values where they are known. */
  secretNames: readonly string[];
  /** The same names, to look one up in. */
  declaredSecrets: ReadonlySet<string>;
  secrets: Readonly<Record<string, string>>;
  /**
   * What each resource offers; `undefined` for one that is declared but has mistakes of its own.
   * The whole is `undefined` where resources may not be referred to.
   */
  resources: ReadonlyMap<string, Readonly<Record<string, string>> | undefined> | undefined;
  /**
   * The address of each service: empty for one that is left out, none for one that listens nowhere. `undefined` where
   * services may not be referred to.
   */
  services?: ReadonlyMap<string, Partial<Record<ServiceField, string>>>;
  /** The ports of the service that the text is of. */
  own?: Own;
  /** Of each server of the stack that is declared with how it is run. */
  servers?: ReadonlyMap<string, Own>;
}

/** What a service or a server has itself: a port, further ones by name, and words such as `host`. */
export interface Own {
  hasPort: boolean;
  ports: readonly string[];
  words?: readonly string[];
}

/** Keys at the top whose values must be known before anything can be filled in. */
const LITERAL = new Set(['version', 'name', 'requires', 'secrets', 'include']);

/** A reference here would have to be known before the secrets are: it is text like any other, and so a mistake. */
function isLiteral(path: FieldPath): boolean {
  if (path.length === 1) return LITERAL.has(String(path[0]));
  return path.length === 3 && path[0] === 'infrastructure' && path[2] === 'kind';
}

export interface InterpolateOptions {
  /** In a file of the gateway: keys are filled in, too, and `${{PORT}}` is the number that it spells. */
  asApisix?: boolean;
}

/** One variable of APISIX's and nothing beside it. */
const WHOLE = /^\$\{\{[^}]*\}\}$/;
/** Fields that are text whatever it looks like. */
const ALWAYS_TEXT = /key|secret|password|token|user|(^|_)id$/i;

/** APISIX takes a variable for the number or the flag that it spells. */
function typed(text: string, path: FieldPath): unknown {
  if (ALWAYS_TEXT.test(String(path.at(-1)))) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
}

/** What stands for a value that is missing, once that has been reported, so that nothing else is found wrong with it. */
const UNKNOWN = 'unknown';

/**
 * Fills in the references in all text below `path`. What cannot be filled in becomes a mistake at the place of the
 * reference; values never appear in a message. So does a reference in a key: it would be taken for the name that it is.
 */
export function interpolate(
  value: unknown,
  path: FieldPath,
  values: Values,
  document: Pick<StackDocument, 'keyAt' | 'within'>,
  mistakes: Mistake[],
  { asApisix = false }: InterpolateOptions = {},
): unknown {
  if (isLiteral(path) && !asApisix) return value;
  const inner = { asApisix };
  if (typeof value === 'string') {
    if (!value.includes('${')) return value;
    const report = (part: { source: string }, found: string, expected: string, near?: Near) => {
      const mistake = { at: document.within(path, part.source), field: fieldName(path), found, expected };
      mistakes.push(near === undefined ? mistake : { ...mistake, nearest: near });
      return UNKNOWN;
    };
    const text = fill(parseReferences(value), withOwn(values, path), report);
    return asApisix && WHOLE.test(value) ? typed(text, path) : text;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => interpolate(item, [...path, index], values, document, mistakes, inner));
  }
  if (typeof value === 'object' && value !== null) {
    const filled: Record<string, unknown> = Object.create(null);
    for (const [key, item] of Object.entries(value)) {
      const field = [...path, key];
      const refers = hasReferences(key);
      if (refers && !asApisix) mistakes.push(referenceInKey(field, key, document));
      const name = refers && asApisix ? interpolate(key, field, values, document, mistakes) : key;
      filled[String(name)] = interpolate(item, field, values, document, mistakes, inner);
    }
    return filled;
  }
  return value;
}

/** Fields of a service that hold what one instance of it is given. */
const OF_INSTANCE = new Set(['command', 'env', 'migrate']);

/** Those of a server. */
const OF_SERVER = new Set(['command', 'entrypoint', 'env', 'url']);

function takesOwnPorts([top, , field, key]: FieldPath): boolean {
  if (top === 'env') return true;
  return top === 'services' && (OF_INSTANCE.has(String(field)) || (field === 'health' && key === 'command'));
}

/** The values with what whose text it is has itself. */
function withOwn({ own, servers, ...values }: Values, path: FieldPath): Values {
  const [top, name, field, key] = path;
  if (top !== 'infrastructure') return takesOwnPorts(path) && own !== undefined ? { ...values, own } : values;
  const server = servers?.get(String(name));
  const takes = OF_SERVER.has(String(field)) || (field === 'health' && key === 'command');
  return takes && server !== undefined ? { ...values, own: server } : values;
}

function referenceInKey(path: FieldPath, key: string, document: Pick<StackDocument, 'keyAt'>): Mistake {
  const nodes = path.at(-2) === 'nodes' ? ' (nodes may be a list of host, port and weight)' : '';
  return {
    at: document.keyAt(path),
    field: fieldName(path),
    found: `the key "${key}"`,
    expected: `a key as it is meant: references are filled in in values alone${nodes}`,
  };
}

/** Only what is shown is looked for. */
type Near = () => string | undefined;
type Report = (part: { source: string }, found: string, expected: string, near?: Near) => string;

function fill(parts: readonly Part[], values: Values, report: Report): string {
  return parts.map((part) => fillPart(part, values, report)).join('');
}

function fillPart(part: Part, values: Values, report: Report): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'invalid':
      return report(part, `"${part.source}"`, part.expected);
    case 'variable':
      if (part.fallback !== undefined || values.own === undefined) return fillVariable(part, values, report);
      if (part.name === 'port') return fillOwnPort(part, values.own, report);
      return values.own.words?.includes(part.name) === true
        ? wordMark(part.name)
        : fillVariable(part, values, report);
    case 'secret':
      return fillSecret(part, values, report);
    case 'resource':
      return fillResource(part, values, report);
    case 'service':
      return fillService(part, values, report);
    case 'port':
      return fillNamedPort(part, values, report);
  }
}

/** As in a shell, `:-` counts an empty variable as unset. Without it an empty one is no value either. */
function fillVariable(part: Part & { kind: 'variable' }, { env, ...rest }: Values, report: Report): string {
  const value = env[part.name];
  if (value !== undefined && value !== '') return value;
  if (part.fallback !== undefined) return fill(part.fallback, { env, ...rest }, report);
  return report(
    part,
    `${part.source}, which is ${value === undefined ? 'not set' : 'empty'} in the environment`,
    `${part.name} to be set, or \${${part.name}:-default}`,
    value === undefined ? () => nearest(part.name, Object.keys(env)) : undefined,
  );
}

function fillSecret(part: Part & { kind: 'secret' }, values: Values, report: Report): string {
  const { secrets, secretNames, declaredSecrets } = values;
  if (!declaredSecrets.has(part.name)) {
    return report(
      part,
      `${part.source}, which "secrets" does not declare`,
      `one of ${listed(secretNames)}`,
      () => nearest(part.name, secretNames),
    );
  }
  const value = Object.hasOwn(secrets, part.name) ? secrets[part.name] : undefined;
  return value ?? report(part, `${part.source}, which has no value yet`, 'a value in .qbtc/secrets.json');
}

function fillService(part: Part & { kind: 'service' }, { services }: Values, report: Report): string {
  if (services === undefined)
    return report(part, part.source, 'no reference to a service here: only services refer to services');
  const service = services.get(part.name);
  const value = service?.[part.field];
  if (value !== undefined) return value;
  if (service !== undefined)
    return report(part, `${part.source}, which has no port`, 'a service that listens somewhere');
  const names = [...services.keys()];
  return report(part, `${part.source}, which names no service`, `one of the services ${listed(names)}`, () =>
    nearest(part.name, names),
  );
}

function fillOwnPort(part: Part & { kind: 'variable' }, own: Values['own'], report: Report): string {
  if (own?.hasPort === true) return portMark();
  return report(part, `${part.source} of a service without a port`, '"port" of the service, too');
}

function fillNamedPort(part: Part & { kind: 'port' }, { own }: Values, report: Report): string {
  if (own === undefined)
    return report(part, part.source, 'no port here: `command` and `env` of a service have ports');
  if (own.ports.includes(part.name)) return portMark(part.name);
  return report(part, `${part.source}, which names no port`, `one of "ports": ${listed(own.ports)}`, () =>
    nearest(part.name, own.ports),
  );
}

function fillResource(part: Part & { kind: 'resource' }, { resources }: Values, report: Report): string {
  if (resources === undefined) {
    return report(
      part,
      part.source,
      'no reference to a resource here: resources do not depend on each other',
    );
  }
  if (!resources.has(part.name)) {
    const names = [...resources.keys()];
    const expected = `one of the resources ${listed(names)}`;
    return report(part, `${part.source}, which names no resource`, expected, () => nearest(part.name, names));
  }
  const fields = resources.get(part.name);
  if (fields === undefined) return UNKNOWN;
  const value = Object.hasOwn(fields, part.field) ? fields[part.field] : undefined;
  if (value !== undefined) return value;
  const names = Object.keys(fields);
  const expected = `a field that ${part.name} has: ${listed(names)}`;
  return report(part, `${part.source}, a field that there is not`, expected, () =>
    nearest(part.field, names),
  );
}
