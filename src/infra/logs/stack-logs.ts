import type { Context } from '../../context.ts';
import type { Stack } from '../../model/stack.ts';
import { readChoices } from '../choices.ts';
import { openContainers } from '../containers/index.ts';
import { instancesOf } from '../service.ts';
import { followLogs, type LogPositions, logPositions, readLogTail } from './files.ts';
import { createLogFilter, type LogFilter } from './filter.ts';
import { type LogLine, parseLogLine } from './line.ts';

/** The logs of a stack, whether processes or containers write them. Names are those of resources and instances. */
export interface StackLogs {
  /** The last lines of one, as they were written. */
  tail(name: string, lines: number): Promise<string[]>;
  /** The last lines of several that pass the filter, in the order of time. */
  read(names: readonly string[], lines: number, filter?: LogFilter): Promise<LogLine[]>;
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
  const inDocker = await containedNames(stack);

  /** `before` holds off what `follow` tells later. */
  const linesOf = async (name: string, count: number, before?: LogPositions): Promise<LogLine[]> => {
    const service = inDocker.get(name);
    if (service === undefined) {
      const raw = await readLogTail(root, name, count, before && (before.get(name) ?? 0));
      return raw.map((line) => parseLogLine(name, line));
    }
    const raw = await containers.logs(service, Number.isFinite(count) ? { tail: count } : {});
    return raw.map((line) => contained(name, line));
  };
  const read = async (names: readonly string[], lines: number, filter: LogFilter, before?: LogPositions) => {
    const filtered = Object.keys(filter).length > 0;
    const logs = await Promise.all(
      names.map(async (name) => {
        const all = await linesOf(name, filtered ? Number.POSITIVE_INFINITY : lines, before);
        return dated(all.filter(createLogFilter(filter)));
      }),
    );
    return logs
      .flat()
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
      .slice(-lines)
      .map(({ line }) => line);
  };

  return {
    tail: async (name, lines) => (await linesOf(name, lines)).map(({ raw }) => raw),
    read: (names, lines, filter = {}) => read(names, lines, filter),
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
          await containers.followLogs(service, (line) => tell(contained(name, line)), signal);
        }),
      ]);
    },
  };
}

/** The names that run in containers, each with its service of the compose file. */
async function containedNames({
  root,
  services,
}: Pick<Stack, 'root' | 'services'>): Promise<Map<string, string>> {
  const plan = await readChoices(root);
  const names = new Map<string, string>();
  for (const { resource, provider } of plan?.choices ?? []) {
    if (provider === 'docker') names.set(resource, resource);
  }
  for (const { service, runs } of plan?.services ?? []) {
    const declared = services.find(({ name }) => name === service);
    if (runs === 'container' && declared !== undefined)
      for (const { name } of instancesOf(declared)) names.set(name, service);
  }
  return names;
}

/** The engine knows the time of every line. */
function contained(name: string, { timestamp, line }: { timestamp: string; line: string }): LogLine {
  const parsed = parseLogLine(name, line);
  return parsed.timestamp === undefined && timestamp !== '' ? { ...parsed, timestamp } : parsed;
}

/** A line without a time of its own belongs to the line before it. */
function dated(lines: readonly LogLine[]): { at: string; line: LogLine }[] {
  let at = '';
  return lines.map((line) => {
    at = line.timestamp ?? at;
    return { at, line };
  });
}
