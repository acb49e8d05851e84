import { dirname } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { QbtcError } from '../../errors.ts';
import type { Stack } from '../../model/stack.ts';
import { readTextFile, unreadable } from '../../text-file.ts';
import { type ComposeStack, declaredContainers, withContainers } from './declared-containers.ts';
import { composePlace } from './place.ts';

/** What both drivers need to know of a service: whether it is built, and what it comes after. */
const outline = z.looseObject({
  services: z.record(
    z.string(),
    z.looseObject({
      build: z.unknown().optional(),
      depends_on: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).optional(),
    }),
  ),
});

/** The compose file of the stack as it is written, nothing filled in. */
export interface ComposeFile {
  path: string;
  /** Where it is written with the containers that qbtc.yaml declares in it, for those who read it; left out: there are none. */
  merged?: string;
  /** Its folder: where its paths begin. */
  folder: string;
  /** The file with the values of its variables. */
  values: string;
  data: unknown;
  services: ReadonlyMap<
    string,
    { builds: boolean; dependsOn: string[]; conditions: ReadonlyMap<string, unknown> }
  >;
  /** Where a key of it stands: `12:5`. */
  at(path: readonly (string | number)[]): string;
}

/**
 * @returns `undefined` when the stack has no compose file
 * @throws QbtcError `COMPOSE_INVALID` with line and column
 */
export async function readComposeFile(stack: ComposeStack): Promise<ComposeFile | undefined> {
  const path = stack.composeFile;
  const text = await readTextFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unreadable('COMPOSE_INVALID', path, error);
  });
  const isMerged = declaredContainers(stack).length > 0;
  if (text === undefined) return isMerged ? fileOf(stack, withContainers({}, stack), () => '1:1') : undefined;
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, merge: true, intAsBigInt: true });
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line, col } = counter.linePos(broken.pos[0]);
    throw invalid(path, [`${path}:${line}:${col}: ${broken.message.split('\n')[0]}`]);
  }
  const at = (keys: readonly (string | number)[]) => {
    const node = document.getIn([...keys], true) as { range?: [number, number, number] } | undefined;
    const { line, col } = counter.linePos(node?.range?.[0] ?? 0);
    return `${line}:${col}`;
  };
  const data: unknown = document.toJS();
  return fileOf(stack, isMerged ? withContainers(data, stack) : data, at);
}

function fileOf(stack: ComposeStack, data: unknown, at: ComposeFile['at']): ComposeFile {
  const path = stack.composeFile;
  const parsed = outline.safeParse(data);
  if (!parsed.success) {
    throw invalid(
      path,
      parsed.error.issues.map(
        (issue) => `${path}:${at(issue.path as string[])} ${issue.path.join('.')}: ${issue.message}`,
      ),
    );
  }
  const services = new Map(
    Object.entries(parsed.data.services).map(([name, { build, depends_on }]) => [
      name,
      {
        builds: build !== undefined,
        dependsOn: Array.isArray(depends_on) ? depends_on : Object.keys(depends_on ?? {}),
        conditions: new Map(
          Object.entries(Array.isArray(depends_on) ? {} : (depends_on ?? {})).map(([needed, need]) => [
            needed,
            (need as { condition?: unknown } | null)?.condition,
          ]),
        ),
      },
    ]),
  );
  const merged = declaredContainers(stack).length > 0 ? { merged: composePlace(stack).merged } : {};
  return { path, ...merged, folder: dirname(path), values: composePlace(stack).values, data, services, at };
}

/** The names of the services in the stack's compose file; none when there is no such file. */
export async function composeServices(stack: ComposeStack): Promise<ReadonlySet<string>> {
  return new Set((await readComposeFile(stack))?.services.keys());
}

/**
 * The services that these depend on and that neither a resource nor a service of the stack is named after: they come and
 * go with them.
 */
export function companionsOf(
  file: ComposeFile,
  stack: Pick<Stack, 'resources' | 'services'>,
  services: readonly string[],
): string[] {
  const declared = new Set([...stack.resources, ...stack.services].map(({ name }) => name));
  const found = new Set<string>();
  const visit = (name: string) => {
    for (const needed of file.services.get(name)?.dependsOn ?? []) {
      if (declared.has(needed) || found.has(needed)) continue;
      visit(needed);
      found.add(needed);
    }
  };
  for (const name of services) visit(name);
  return [...found];
}

export function invalid(path: string, details: string[]): QbtcError {
  return new QbtcError('COMPOSE_INVALID', `${path} has ${details.length === 1 ? 'a mistake' : 'mistakes'}`, {
    details,
    hint: 'docker compose config says more, where compose is installed',
  });
}
