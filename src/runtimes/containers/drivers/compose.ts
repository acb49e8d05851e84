import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { composeProject } from '../../../config/place.ts';
import type { Context } from '../../../context.ts';
import type { QbtcError } from '../../../errors.ts';
import type { Stack } from '../../../model/stack.ts';
import { type ComposeFile, companionsOf, invalid } from '../compose-file.ts';
import type { ContainerDriver, ContainerProgress, Containers } from '../containers.ts';
import { imageNotBuilt, notStarted } from '../failures.ts';
import { conditionOf, untilMet } from '../until-met.ts';

/** The compose program: its command line, and its version. */
export interface ComposeProgram {
  program: string;
  args: string[];
  version: string;
}

/** Compose v1 knows neither `--wait` nor a top-level `name`. */
const LEAST_MAJOR = 2;
const CHECK_TIMEOUT_MS = 30_000;
const PULL_TIMEOUT_MS = 30 * 60_000;
const BUILD_TIMEOUT_MS = 30 * 60_000;

/** Compose v2 or later as a plugin of the docker program, or as a program of its own; `undefined` when there is none. */
export async function findCompose(context: Pick<Context, 'exec'>): Promise<ComposeProgram | undefined> {
  for (const [program = '', ...args] of [['docker', 'compose'], ['docker-compose']]) {
    const { exitCode, stdout } = await context.exec(program, [...args, 'version', '--short'], {
      timeoutMs: 10_000,
    });
    const version = stdout.trim().replace(/^v/, '');
    if (exitCode === 0 && Number.parseInt(version, 10) >= LEAST_MAJOR) return { program, args, version };
  }
  return undefined;
}

/** Makes containers with the compose program. */
export function composeDriver(
  context: Pick<Context, 'exec' | 'interrupted' | 'clock'>,
  stack: Stack,
  file: ComposeFile,
  containers: Containers,
  { program, args, version }: ComposeProgram,
): ContainerDriver {
  const run = async (command: readonly string[], timeoutMs: number, onLine?: (line: string) => void) => {
    if (file.merged !== undefined) await writeMerged(file.merged, file.data);
    const given =
      file.merged === undefined
        ? ['--file', basename(file.path)]
        : ['--file', file.merged, '--project-directory', file.folder];
    return context.exec(
      program,
      [
        ...args,
        ...['--project-name', composeProject(stack.name, stack.root)],
        ...[...given, '--env-file', file.values, '--progress', 'plain'],
        ...command,
      ],
      {
        cwd: file.merged === undefined ? file.folder : stack.root,
        timeoutMs,
        signal: context.interrupted,
        ...(onLine === undefined ? {} : { onLine }),
      },
    );
  };
  const up = async (services: readonly string[], onProgress: ContainerProgress) => {
    const before = await containers.list();
    // Compose would start a paused one, which the engine refuses.
    const paused = before.filter(({ service, state }) => state === 'paused' && services.includes(service));
    const resumed = new Set(paused.map(({ service }) => service));
    if (resumed.size > 0) await containers.resume([...resumed]);
    const startedAt = new Map(before.map((each) => [each.id, each.startedAt]));
    const { exitCode, stdout, stderr, timedOut } = await run(
      ['up', '--detach', '--no-deps', '--no-build', ...services],
      PULL_TIMEOUT_MS,
      (line) => {
        const told = progressOf(line, services);
        if (told !== undefined) onProgress(told.service, told.doing);
      },
    );
    context.interrupted.throwIfAborted();
    if (exitCode !== 0 || timedOut) throw explain(file, services, `${stdout}\n${stderr}`);
    const started = (await containers.list()).filter((each) => startedAt.get(each.id) !== each.startedAt);
    return [...new Set([...resumed, ...started.map(({ service }) => service)])];
  };

  const upWithCompanions: ContainerDriver['up'] = async (services, onProgress) => {
    const started: string[] = [];
    for (const name of companionsOf(file, stack, services)) {
      started.push(...(await up([name], onProgress)));
      await untilMet(context, containers, name, conditionOf(file, name));
    }
    return [...started, ...(await up(services, onProgress))];
  };
  /** Settles when compose has started something for this stack. */
  let first: Promise<void> | undefined;
  const nothing = () => {};

  return {
    description: `compose ${version}`,
    async check(services) {
      const { exitCode, stdout, stderr } = await run(['config', '--quiet', ...services], CHECK_TIMEOUT_MS);
      if (exitCode !== 0) throw explain(file, services, `${stdout}\n${stderr}`);
    },
    async build(services, onProgress) {
      const built = services.filter((name) => file.services.get(name)?.builds === true);
      if (built.length === 0) return;
      const { exitCode, stdout, stderr, timedOut } = await run(
        ['build', ...built],
        BUILD_TIMEOUT_MS,
        (line) => {
          for (const name of built) if (line.includes(name)) onProgress(name, line.trim());
        },
      );
      context.interrupted.throwIfAborted();
      if (exitCode !== 0 || timedOut) throw imageNotBuilt(built, `${stdout}\n${stderr}`);
    },
    async up(services, onProgress) {
      const before = first;
      // Of several at once each would make the networks, which are then ambiguous: the first one goes ahead.
      if (before !== undefined) await before;
      const work = upWithCompanions(services, onProgress);
      first ??= work.then(nothing, nothing);
      return work;
    },
  };
}

/** It holds passwords. */
async function writeMerged(path: string, data: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // The file is read with all digits of its numbers.
  const text = JSON.stringify(data, (_, value) => (typeof value === 'bigint' ? Number(value) : value), 1);
  await writeFileAtomic(path, `${text}\n`, { mode: 0o600, fsync: false });
}

/** A line of compose's plain progress: ` Container qbtc-acme-1a2b-broker-1  Starting`, ` broker Pulling`. */
function progressOf(
  line: string,
  services: readonly string[],
): { service: string; doing: string } | undefined {
  const [, subject = '', doing = ''] = /^\s*(?:Container\s+)?(\S+)\s+([A-Z][a-z].*)$/.exec(line) ?? [];
  const service = services.find((name) => subject === name || new RegExp(`-${name}-\\d+$`).test(subject));
  return service === undefined ? undefined : { service, doing: doing.toLowerCase() };
}

function explain(file: ComposeFile, services: readonly string[], output: string): QbtcError {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const mistake = lines.find((line) =>
    /^(validating |yaml: |parsing |.*required variable .* is missing|.*env file .* not found|.*invalid interpolation)/.test(
      line,
    ),
  );
  if (mistake !== undefined) return invalid(file.path, [mistake]);
  return notStarted(services, lines);
}
