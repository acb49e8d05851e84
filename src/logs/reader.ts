import { stripVTControlCharacters } from 'node:util';
import { isRecord } from '../record.ts';
import { CORRELATION_NAMES, correlationInText } from './correlation.ts';
import type { LogParser, ReadLine, ReadOptions, WrittenText } from './parser.ts';
import { PARSERS } from './parsers/index.ts';

/** How many lines tell in which form a process writes. */
const FIRST_LINES = 20;
/** Among how many they are looked for. */
const LOOKED_AT = 200;

/** What reads the lines of one process, in their order. */
export interface LineReader {
  /** Looks at the first lines that it is to read, so that all of them are read alike. */
  learn(lines: readonly string[]): void;
  /** What a line says, and in which form it was; a line in no form is its own message, as it came. */
  read(raw: string): ReadLine & { form?: string };
}

/**
 * Reads the lines of a process. Most forms are known by a line alone. A loose one, which prose may look like, holds where
 * half of the first lines that are in no other form are in it; that is decided once, by the first lines, and kept.
 */
export function createLineReader({
  correlation = CORRELATION_NAMES,
  now = Date.now(),
}: Partial<ReadOptions> = {}): LineReader {
  const options = { correlation, now };
  const votes = new Map<LogParser, number>();
  let voted = 0;
  /** Of a line that is in no sure form. */
  const vote = (line: WrittenText) => {
    if (voted >= FIRST_LINES || continues(line.text)) return;
    voted += 1;
    const parser = readBy(LOOSE, line, options)?.parser;
    if (parser !== undefined) votes.set(parser, (votes.get(parser) ?? 0) + 1);
  };
  return {
    learn(lines) {
      for (const raw of lines.slice(0, LOOKED_AT)) {
        if (voted >= FIRST_LINES) return;
        const line = new Written(raw);
        if (readSurely(line, options) === undefined) vote(line);
      }
    },
    read(raw) {
      const line = new Written(raw);
      if (line.text.trim() === '') return { message: raw };
      const sure = readSurely(line, options);
      if (sure !== undefined) return { ...sure.read, form: sure.parser.name };
      // What it was not shown before, it learns from as it comes.
      if (voted === 0) vote(line);
      const holding = LOOSE.filter((parser) => (votes.get(parser) ?? 0) * 2 >= Math.max(voted, 1));
      const loose = readBy(holding, line, options);
      if (loose !== undefined) return { ...loose.read, form: loose.parser.name };
      const correlationId = correlationInText(line.text, correlation);
      return { message: raw, ...(correlationId === undefined ? {} : { correlationId }) };
    },
  };
}

const LOOSE = PARSERS.filter(({ kind }) => kind === 'loose');
const SURE = PARSERS.filter(({ kind }) => kind !== 'loose');
const SURE_OF = {
  json: SURE.filter((parser) => parser.of === 'json'),
  text: SURE.filter((parser) => parser.of === 'text'),
};

function readSurely(line: WrittenText, options: ReadOptions): ReturnType<typeof readBy> {
  return readBy(SURE_OF[line.json === undefined ? 'text' : 'json'], line, options);
}

function readBy(
  parsers: readonly LogParser[],
  line: WrittenText,
  options: ReadOptions,
): { parser: LogParser; read: ReadLine } | undefined {
  for (const parser of parsers) {
    const read = parser.read(line, options);
    if (read !== undefined) return { parser, read };
  }
  return undefined;
}

/** Whether a line in no form goes on with the one before it: a stack trace, an object over several lines. */
export function continues(text: string): boolean {
  return /^(?:\s|$|[>)\]}]|Traceback \(|Caused by|During handling|[\w.$]*(?:Error|Exception)\b)/.test(text);
}

/** The JSON of a line is read when it is first asked for, and once. */
class Written implements WrittenText {
  readonly text: string;
  #json: Record<string, unknown> | null | undefined;

  constructor(raw: string) {
    this.text = raw.includes('\u001b') ? stripVTControlCharacters(raw) : raw;
  }

  get json(): Record<string, unknown> | undefined {
    this.#json ??= parseObject(this.text) ?? null;
    return this.#json ?? undefined;
  }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
