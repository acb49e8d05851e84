import { nearest } from '../config/mistake.ts';
import { messageOf } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import type { ApisixPlugins } from '../model/gateway.ts';
import { isRecord } from '../record.ts';
import { pathProblem, plainPath } from './paths.ts';

const PREFIX = 'qbtc.';
const KNOWN = ['service', 'name', 'port', 'path', 'health', 'version', 'weight', 'plugins'] as const;
const KNOWN_LABELS = KNOWN.map((name) => `${PREFIX}${name}`);

/** A part of an id at the gateway (`id_schema` of APISIX's schema_def.lua), with room for the name of the stack. */
const SERVICE_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,38}[a-zA-Z0-9])?$/;
const SERVICE_NAME_RULE = 'a name of letters, digits, _ . and -, at most 40, a letter or digit at both ends';
const MAX_WEIGHT = 10_000;
const MAX_VERSION = 64;

/** What the `qbtc.*` labels of a container say. */
export interface Labels {
  /** `qbtc.service=true`: it wants to be found. */
  service: boolean;
  name?: string;
  port?: number;
  path?: string;
  health?: string;
  version?: string;
  weight?: number;
  plugins?: ApisixPlugins;
  findings: Finding[];
  /** Why it gets no route: the first label that is wrong. Empty when none is. */
  refused: string;
}

/** What is right, or what was expected. */
type Read<Value> = { value: Value } | { expected: string };

/**
 * Reads the labels of a container. A wrong value is never replaced by a default: what would be left out may be what
 * protects the service.
 *
 * @param subject whose labels they are: `container web-1`
 */
export function readLabels(labels: Readonly<Record<string, string>>, subject: string): Labels {
  const findings: Finding[] = [];
  let refused = '';
  const wrong = (label: string, found: string, expected: string) => {
    const message = `${label}: found ${JSON.stringify(found)}, expected ${expected}`;
    findings.push({ code: 'bad-label', severity: 'error', subject, message, fix: '' });
    if (refused === '') refused = message;
  };
  const read = <Value>(name: (typeof KNOWN)[number], parse: (text: string) => Read<Value>) => {
    const text = labels[`${PREFIX}${name}`];
    if (text === undefined) return undefined;
    const result = parse(text.trim());
    if ('value' in result) return result.value;
    wrong(`${PREFIX}${name}`, text, result.expected);
    return undefined;
  };
  for (const label of Object.keys(labels)) {
    if (KNOWN_LABELS.includes(label) || !looksLikeOurs(label)) continue;
    const near = nearest(label, KNOWN_LABELS);
    findings.push({
      code: 'unknown-label',
      severity: 'warning',
      subject,
      message: `${label} is no label of qbtc`,
      fix: near === undefined ? `one of ${KNOWN_LABELS.join(', ')}` : `did you mean ${near}?`,
    });
  }
  const service = read('service', readBoolean) ?? false;
  const values = {
    name: read('name', matching(SERVICE_NAME, SERVICE_NAME_RULE)),
    port: read('port', whole(1, 65_535, 'a port')),
    path: read('path', readPath),
    health: read('health', readTarget),
    version: read('version', (text) =>
      text !== '' && text.length <= MAX_VERSION
        ? { value: text }
        : { expected: `a version of at most ${MAX_VERSION} characters` },
    ),
    weight: read('weight', whole(0, MAX_WEIGHT, 'a weight')),
    plugins: read('plugins', readPlugins),
  };
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return { service, ...(given as Omit<Labels, 'service' | 'findings' | 'refused'>), findings, refused };
}

/** `qbtc.prot`, and `qbct.port` or `QBTC.port`: letters that changed places or their case. */
function looksLikeOurs(label: string): boolean {
  const [first = '', ...rest] = label.split('.');
  return rest.length > 0 && [...first.toLowerCase()].sort().join('') === 'bcqt';
}

function readBoolean(text: string): Read<boolean> {
  if (text === 'true') return { value: true };
  return text === 'false' ? { value: false } : { expected: 'true or false' };
}

function matching(pattern: RegExp, expected: string): (text: string) => Read<string> {
  return (text) => (pattern.test(text) ? { value: text } : { expected });
}

function whole(min: number, max: number, what: string): (text: string) => Read<number> {
  return (text) => {
    const value = Number(text);
    const good = /^\d+$/.test(text) && value >= min && value <= max;
    return good ? { value } : { expected: `${what} from ${min} to ${max}` };
  };
}

function readPath(text: string): Read<string> {
  const expected = pathProblem(text);
  return expected === undefined ? { value: plainPath(text) } : { expected };
}

/** What is asked for over HTTP: a path, and a query after it (RFC 9112, 3.2.1). It is no pattern of a route. */
function readTarget(text: string): Read<string> {
  const good = text.startsWith('/') && !text.startsWith('//') && !/[\s#\\]/.test(text);
  return good ? { value: text } : { expected: 'a path that starts with /, with a query or without' };
}

function readPlugins(text: string): Read<ApisixPlugins> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value) && Object.values(value).every(isRecord)) return { value: value as ApisixPlugins };
  } catch (error) {
    return { expected: `JSON (${messageOf(error)})` };
  }
  return { expected: 'a JSON object of plugins by name, such as {"key-auth":{}}' };
}
