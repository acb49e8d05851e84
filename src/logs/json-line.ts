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
    of: 'json',
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
  const messageName = nameIn(document, names.message);
  const message = memberOf(document, messageName);
  if (typeof message !== 'string') return undefined;
  const timeName = nameIn(document, names.timestamp);
  const levelName = nameIn(document, names.level);
  const timestamp = timeOf(memberOf(document, timeName));
  const level = levelOf(memberOf(document, levelName));
  const correlated = correlationIn(document, correlation);
  // A line may have any name, `__proto__` too.
  const beside: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(document))
    if (
      name !== messageName &&
      name !== timeName &&
      name !== levelName &&
      name !== correlated?.member &&
      !REPEATED.has(name)
    )
      beside[name] = document[name];
  if (isRecord(document.context)) Object.assign(beside, document.context);
  const { error, fields } = loggedError(beside);
  return {
    message,
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(level === undefined ? {} : { level }),
    ...(correlated === undefined ? {} : { correlationId: correlated.id }),
    ...(error === undefined ? {} : { error }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
}

/** The first of these names that the line has. */
function nameIn(document: Document, names: readonly string[]): string | undefined {
  for (const name of names) if (memberOf(document, name) !== undefined) return name;
  return undefined;
}

/** A member; ECS writes `log.level` either as that name or as an object. */
function memberOf(document: Document, name: string | undefined): unknown {
  if (name === undefined) return undefined;
  if (Object.hasOwn(document, name)) return document[name];
  const dot = name.indexOf('.');
  const object = dot === -1 ? undefined : document[name.slice(0, dot)];
  return isRecord(object) ? object[name.slice(dot + 1)] : undefined;
}

/** The type of a member, where the line has it. */
export function has(document: Document, name: string, type: 'string' | 'number'): boolean {
  return typeof document[name] === type;
}
