import type { Context } from '../context.ts';
import type { LogLine } from '../model/log.ts';
import type { Stack } from '../model/stack.ts';
import { containedParts, openContainers } from '../runtimes/containers/index.ts';
import { readState } from '../runtimes/processes/state.ts';
import { instancesOf } from '../services/service.ts';
import { readChoices } from '../state/choices.ts';
import { dated } from './dated.ts';
import { followLogs, type LogPositions, lastWritten, logPositions, readLogTail } from './files.ts';
import { createLogFilter, type LogFilter } from './filter.ts';
import { parseLogLine } from './line.ts';

/** The logs of a stack, whether processes or containers write them. Names are those of resources and instances. */
export interface StackLogs {
  /** The last lines of one, as they were written. */
  tail(name: string, lines: number): Promise<string[]>;
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
  context: Pick<Context, 'clock' | 'docker'>,
  stack: Pick<Stack, 'root' | 'services'>,
): Promise<StackLogs> {
  const { root } = stack;
  const containers = openContainers(context, root);
  const contained = containedParts(await readChoices(root));
  /** The names that run in containers, each with its service of the compose file. */
  const inDocker = new Map([...contained].map((name) => [name, name]));
  for (const service of stack.services.filter(({ name }) => contained.has(name)))
    for (const { name } of instancesOf(service)) inDocker.set(name, service.name);

  /** `positions` are where reading begins, and where `follow` goes on. */
  const linesOf = async (
    name: string,
    count: number,
    { from, end }: { from?: LogPositions; end?: LogPositions } = {},
  ): Promise<LogLine[]> => {
    const service = inDocker.get(name);
    if (service === undefined) {
      const range = { from: from?.get(name), end: end && (end.get(name) ?? 0) };
      const raw = await readLogTail(root, name, count, range);
      return dated(
        raw.map((line) => parseLogLine(name, line)),
        await lastWritten(root, name),
      );
    }
    const options = {
      ...(Number.isFinite(count) ? { tail: count } : {}),
      ...(from === undefined ? {} : { ofThisStart: true }),
    };
    return dated((await containers.logs(service, options)).map((line) => containerLogLine(name, line)));
  };
  const merged = async (names: readonly string[], lines: number, one: (name: string) => Promise<LogLine[]>) =>
    (await Promise.all(names.map(one)))
      .flat()
      .sort((a, b) => timeOf(a) - timeOf(b))
      .slice(-lines);
  const read = (names: readonly string[], lines: number, filter: LogFilter, end?: LogPositions) => {
    const filtered = Object.keys(filter).length > 0;
    return merged(names, lines, async (name) => {
      const count = filtered ? Number.POSITIVE_INFINITY : lines;
      const all = await linesOf(name, count, end === undefined ? {} : { end });
      return all.filter(createLogFilter(filter));
    });
  };

  return {
    tail: async (name, lines) => (await linesOf(name, lines)).map(({ raw }) => raw),
    read: (names, lines, filter = {}) => read(names, lines, filter),
    async ofThisStart(names, lines) {
      const state = await readState(root).catch(() => undefined);
      const from = new Map(state?.processes.map((process) => [process.name, process.logFrom ?? 0]));
      return merged(names, lines, (name) => linesOf(name, lines, { from }));
    },
    async follow(names, lines, filter, onLine, signal) {
      const files = names.filter((name) => !inDocker.has(name));
      const positions = await logPositions(root, files);
      for (const line of await read(names, lines, filter, positions)) onLine(line);
      const passes = createLogFilter(filter);
      const tell = (line: LogLine) => {
        if (passes(line)) onLine(line);
      };
      await Promise.all([
        followLogs(context, root, files, tell, signal, positions),
        ...names.map(async (name) => {
          const service = inDocker.get(name);
          if (service === undefined) return;
          await containers.followLogs(service, (line) => tell(containerLogLine(name, line)), signal);
        }),
      ]);
    },
  };
}

/** A line of a container; the engine knows the time of every one. */
export function containerLogLine(
  name: string,
  { timestamp, line }: { timestamp: string; line: string },
): LogLine {
  const parsed = parseLogLine(name, line);
  return parsed.timestamp === undefined && timestamp !== '' ? { ...parsed, timestamp } : parsed;
}

function timeOf({ timestamp, around }: LogLine): number {
  const at = timestamp ?? around;
  return at === undefined ? 0 : Date.parse(at);
}
