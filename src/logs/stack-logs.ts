import type { Context } from '../context.ts';
import type { LogLine } from '../model/log.ts';
import type { Stack } from '../model/stack.ts';
import { openRuntimes, type RuntimesContext } from '../placement/runtimes.ts';
import type { LogMark, LogOptions } from '../runtimes/runtime.ts';
import { createLogFilter, type LogFilter } from './filter.ts';
import { createLineReader, type LineReader } from './reader.ts';
import { readLine, readLines } from './written.ts';

/** The logs of a stack, whatever runs the parts that write them. Names are those of resources and instances. */
export interface StackLogs {
  /** The last lines of one, in the order in which they were written. */
  tail(name: string, lines: number): Promise<LogLine[]>;
  /** The last lines of several that pass the filter, in the order of time. */
  read(names: readonly string[], lines: number, filter?: LogFilter): Promise<LogLine[]>;
  /** The same of what each has written since it was started last. */
  ofThisStart(names: readonly string[], lines: number): Promise<LogLine[]>;
  /** First those, then what is written from then on, until the signal is aborted. No line is lost or told twice between. */
  follow(
    names: readonly string[],
    lines: number,
    filter: LogFilter,
    onLine: (line: LogLine) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

export async function openLogs(
  context: RuntimesContext,
  stack: Pick<Stack, 'root' | 'services'> & Partial<Pick<Stack, 'logs'>>,
): Promise<StackLogs> {
  const runtimes = await openRuntimes(context, stack);
  /** The only part that writes under this name: of a service in containers all instances write together. */
  const writerOf = (name: string) => {
    const { runtime, parts } = runtimes.of(name);
    return { runtime, part: parts[0] ?? name };
  };
  const readers = new Map<string, LineReader>();
  /** What is found out about the lines of one is kept. */
  const readerOf = (name: string): LineReader => {
    const reader = readers.get(name) ?? createLineReader({ ...stack.logs, now: context.clock.now() });
    readers.set(name, reader);
    return reader;
  };
  const linesOf = async (name: string, count: number, options: LogOptions = {}) => {
    const { runtime, part } = writerOf(name);
    const tail = Number.isFinite(count) ? { tail: count } : {};
    const log = await runtime.logs(part, { ...tail, ...options });
    return { lines: readLines(name, log, readerOf(name)), end: log.end };
  };
  const inOrder = (lines: LogLine[][], count: number) =>
    lines
      .flat()
      .sort((a, b) => timeOf(a) - timeOf(b))
      .slice(-count);
  const filtered = async (
    names: readonly string[],
    count: number,
    filter: LogFilter,
    options?: LogOptions,
  ): Promise<{ lines: LogLine[]; ends: LogMark[]; filters: ((line: LogLine) => boolean)[] }> => {
    // What passes may stand anywhere.
    const read = Object.keys(filter).length > 0 ? Number.POSITIVE_INFINITY : count;
    const logs = await Promise.all(names.map((name) => linesOf(name, read, options)));
    // What comes later may belong to the last line of these.
    const filters = names.map(() => createLogFilter(filter));
    const passing = logs.map(({ lines }, index) => lines.filter((line) => filters[index]?.(line)));
    return { lines: inOrder(passing, count), ends: logs.map(({ end }) => end), filters };
  };

  return {
    tail: async (name, lines) => (await linesOf(name, lines)).lines,
    read: async (names, lines, filter = {}) => (await filtered(names, lines, filter)).lines,
    ofThisStart: async (names, lines) => (await filtered(names, lines, {}, { ofThisStart: true })).lines,
    async follow(names, lines, filter, onLine, signal) {
      const before = await filtered(names, lines, filter, { wholeLines: true });
      for (const line of before.lines) onLine(line);
      await Promise.all(
        names.map((name, index) => {
          const { runtime, part } = writerOf(name);
          const tell = (line: LogLine) => {
            if (before.filters[index]?.(line)) onLine(line);
          };
          return runtime.follow(
            part,
            before.ends[index] ?? '',
            (line) => tell(readNow(context, readLine(name, line, readerOf(name)))),
            signal,
          );
        }),
      );
    },
  };
}

/** A line without a time of its own was written before it was read. */
function readNow({ clock }: Pick<Context, 'clock'>, line: LogLine): LogLine {
  return line.timestamp === undefined ? { ...line, around: new Date(clock.now()).toISOString() } : line;
}

function timeOf({ timestamp, around }: LogLine): number {
  const at = timestamp ?? around;
  return at === undefined ? 0 : Date.parse(at);
}
