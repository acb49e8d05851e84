import { isRecord } from '../record.ts';
import { correlationIn } from './correlation.ts';
import { levelOf } from './levels.ts';
import { loggedError } from './logged-error.ts';
import type { LogParser, ReadLine, ReadOptions } from './parser.ts';
import { timeOf } from './times.ts';

type Document = Readonly<Record<string, unknown>>;

/** Under which names a logger writes what a line consists of; the first that is there counts. */
export interface MemberNames {
  message: readonly string[];
  timestamp: readonly string[];
  level: readonly string[];
}

const NAMES: MemberNames = {
  message: ['message', 'msg', 'event'],
  timestamp: ['timestamp', '@timestamp', 'time', 'ts', 'asctime'],
  level: ['level', 'log.level', 'severity', 'levelname'],
};
/** What says nothing beside the source. */
const REPEATED = new Set(['service', 'context', 'pid', 'hostname', 'v', 'ecs.version']);

/** The form of one logger that writes JSON. */
export function jsonForm(form: {
  name: string;
  /** Whether the members are those that this logger writes. */
  is: (document: Document) => boolean;
  /** Where it calls them otherwise. */
  names?: Partial<MemberNames>;
  /** What a line without a level is. */
  level?: string;
}): LogParser {
  const names = { ...NAMES, ...form.names };
  return {
    name: form.name,
    kind: 'own',
    read({ json }, options) {
      if (json === undefined || !form.is(json)) return undefined;
      const line = readJson(json, options, names);
      if (line === undefined || line.level !== undefined || form.level === undefined) return line;
      return { ...line, level: form.level };
    },
  };
}

/** A JSON line, whoever wrote it; `undefined` where it has no message. */
export function readJson(
  document: Document,
  { correlation }: ReadOptions,
  names: MemberNames = NAMES,
): ReadLine | undefined {
  const find = (wanted: keyof MemberNames) =>
    names[wanted].find((name) => memberOf(document, name) !== undefined);
  const named = { message: find('message'), timestamp: find('timestamp'), level: find('level') };
  const message = memberOf(document, named.message);
  if (typeof message !== 'string') return undefined;
  const timestamp = timeOf(memberOf(document, named.timestamp));
  const level = levelOf(memberOf(document, named.level));
  const correlated = correlationIn(document, correlation);
  const taken = new Set<string | undefined>([...Object.values(named), correlated?.member]);
  const beside = Object.entries(document).filter(([name]) => !taken.has(name) && !REPEATED.has(name));
  const context = isRecord(document.context) ? document.context : {};
  const { error, fields } = loggedError({ ...Object.fromEntries(beside), ...context });
  return {
    message,
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(level === undefined ? {} : { level }),
    ...(correlated === undefined ? {} : { correlationId: correlated.id }),
    ...(error === undefined ? {} : { error }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
}

/** A member; ECS writes `log.level` either as that name or as an object. */
function memberOf(document: Document, name: string | undefined): unknown {
  if (name === undefined) return undefined;
  if (Object.hasOwn(document, name)) return document[name];
  const [outer = '', inner] = name.split('.', 2);
  const object = inner === undefined ? undefined : document[outer];
  return inner !== undefined && isRecord(object) ? object[inner] : undefined;
}

/** The type of a member, where the line has it. */
export function has(document: Document, name: string, type: 'string' | 'number'): boolean {
  return typeof document[name] === type;
}
