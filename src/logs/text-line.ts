import { correlationInText } from './correlation.ts';
import { levelOf } from './levels.ts';
import type { LogParser, ReadLine } from './parser.ts';
import { timeOf } from './times.ts';

/** What a pattern has found: the parts of a line. */
export interface TextParts {
  message: string;
  /** As `Date` reads it. */
  time?: string | number | undefined;
  /** Its word. */
  level?: string | undefined;
  fields?: Record<string, unknown>;
}

/** The form of a program that writes text: a pattern, and what its groups are. */
export function textForm(form: {
  name: string;
  kind: LogParser['kind'];
  pattern: RegExp;
  /** The parts of a line from the groups of the pattern; `undefined` where they are not what they look like. */
  parts: (groups: Readonly<Record<string, string | undefined>>, now: number) => TextParts | undefined;
}): LogParser {
  return {
    name: form.name,
    of: 'text',
    kind: form.kind,
    read({ text }, { correlation, now }) {
      const groups = form.pattern.exec(text)?.groups;
      const parts = groups === undefined ? undefined : form.parts(groups, now);
      if (parts === undefined) return undefined;
      return lineOf(parts, correlationInText(text, correlation));
    },
  };
}

/** `undefined` where the time is none: then it is another form. */
function lineOf(
  { message, time, level, fields = {} }: TextParts,
  id: string | undefined,
): ReadLine | undefined {
  const timestamp = time === undefined ? undefined : timeOf(time);
  if (time !== undefined && timestamp === undefined) return undefined;
  const word = levelOf(level);
  return {
    message,
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(word === undefined ? {} : { level: word }),
    ...(id === undefined ? {} : { correlationId: id }),
    ...(Object.keys(fields).length === 0 ? {} : { fields }),
  };
}
