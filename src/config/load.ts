import { access, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { messageOf, QbtcError } from '../errors.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { buildStack } from './build.ts';
import { parseStackDocument, type StackDocument } from './document.ts';
import { endpointFields } from './endpoints.ts';
import { stackEnvironment } from './environment.ts';
import { fileMistakes } from './files.ts';
import { interpolate, type Values } from './interpolate.ts';
import { expectation, schemaMistakes } from './issues.ts';
import { type FieldPath, formatMistake, inFileOrder, type Mistake } from './mistake.ts';
import { outlineOf, portUses, secretNamesOf } from './outline.ts';
import { resourcesOf } from './resources.ts';
import { ruleMistakes } from './rules.ts';
import { stackSchema } from './schema.ts';
import { ensureSecrets } from './secrets.ts';

export const STACK_FILE = 'qbtc.yaml';

export interface LoadOptions {
  /** `qbtc.yaml`, absolute. */
  file: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The stack's secrets by name; those that `qbtc.yaml` refers to must be there. */
  secrets: Readonly<Record<string, string>>;
  qbtcVersion: string;
  /** The folder that messages write the file's path from. Left out, they write it whole. */
  cwd?: string;
}

/**
 * The nearest `qbtc.yaml`, in `cwd` or above it, absolute.
 * @throws QbtcError STACK_NOT_FOUND
 */
export async function findStackFile(cwd: string): Promise<string> {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = join(folder, STACK_FILE);
    if (await exists(file)) return file;
    if (dirname(folder) === folder) break;
  }
  throw new QbtcError('STACK_NOT_FOUND', `There is no ${STACK_FILE} in ${cwd} or in a folder above it`, {
    hint: 'Make a stack with "qbtc new NAME", or change into the folder of one.',
  });
}

/**
 * Generates the secrets that are missing, reads `.env`, then loads the stack: what every command starts with.
 * @throws QbtcError as `loadStack` and `ensureSecrets`
 */
export async function openStack(options: Omit<LoadOptions, 'secrets'>): Promise<Stack> {
  const document = parseStackDocument(await readStackFile(options.file));
  const names = document.usable ? secretNamesOf(outlineOf(document.data)) : [];
  const secrets = names.length === 0 ? {} : await ensureSecrets(dirname(options.file), names);
  const env = await stackEnvironment(dirname(options.file), options.env);
  return await loadStack({ ...options, env, secrets });
}

/**
 * Reads and checks `qbtc.yaml`, and fills in defaults, references, endpoints and absolute paths. Writes nothing.
 * @throws QbtcError CONFIG_INVALID with every mistake of the file as a line of `details`, in the order of the file;
 * CONFIG_UNREADABLE when there is no file to read
 */
export async function loadStack(options: LoadOptions): Promise<Stack> {
  const { file, qbtcVersion } = options;
  const root = dirname(file);
  const document = parseStackDocument(await readStackFile(file));
  if (!document.usable) throw invalid(options, document.mistakes);

  const { data, resources, mistakes } = fillIn(document, root, options);
  const outline = outlineOf(data);
  const parsed = stackSchema.safeParse(data, { error: expectation, reportInput: false });
  const first = [...document.mistakes, ...mistakes];
  // What stands in the place of a value that could not be read or filled in says nothing more.
  const known = new Set(first.map(({ field }) => field));
  const later = [
    ...schemaMistakes(stackSchema, parsed.error?.issues ?? [], data, document),
    ...ruleMistakes(outline, document, qbtcVersion),
    ...(await fileMistakes(root, outline, document)),
  ].filter(({ field }) => !known.has(field));
  const all = [...first, ...later];
  if (all.length > 0 || !parsed.success) throw invalid(options, all);
  return await buildStack(parsed.data, { root, file, resources, secrets: options.secrets });
}

/** Names of the secrets that a stack needs, declared or for its resources; what cannot be read has none. */
export function secretNames(text: string): string[] {
  const document = parseStackDocument(text);
  return secretNamesOf(outlineOf(document.data));
}

/** The ports that a stack listens on as they stand in the file, replicas included, without its port base. */
export function declaredPorts(text: string): number[] {
  const { data } = parseStackDocument(text);
  return portUses({ ...outlineOf(data), ports: { base: 0 } }).map(({ port }) => port);
}

/** Keys that resources are made from, so that their values cannot refer to resources. */
const BEFORE_RESOURCES = new Set(['strategy', 'ports', 'infrastructure']);

function fillIn(
  document: StackDocument,
  root: string,
  { env, secrets }: LoadOptions,
): { data: Record<string, unknown>; resources: Resource[]; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const fill = (value: unknown, path: FieldPath, values: Values) =>
    interpolate(value, path, values, document, mistakes);

  const secretNames = secretNamesOf(outlineOf(document.data));
  const plain: Values = { env, secrets, secretNames, resources: undefined };
  const data: Record<string, unknown> = Object.create(null);
  for (const [key, value] of Object.entries(document.data)) {
    data[key] = BEFORE_RESOURCES.has(key) ? fill(value, [key], plain) : value;
  }

  const resources = resourcesOf(outlineOf(data), root, secrets, document);
  mistakes.push(...resources.mistakes);
  const { byName } = resources;
  const fields = new Map(
    [...byName].map(([name, resource]) => [
      name,
      resource && endpointFields(resource.kind, resource.endpoint),
    ]),
  );
  const full: Values = { ...plain, resources: fields };
  for (const [key, value] of Object.entries(document.data)) {
    if (!BEFORE_RESOURCES.has(key)) data[key] = fill(value, [key], full);
  }
  const known = [...byName.values()].filter((resource) => resource !== undefined);
  return { data, resources: known, mistakes };
}

function invalid({ file, cwd }: LoadOptions, mistakes: readonly Mistake[]): QbtcError {
  const sorted = inFileOrder(mistakes);
  const shown = cwd === undefined ? file : shorter(relative(cwd, file), file);
  const count = sorted.length === 1 ? 'a mistake' : `${sorted.length} mistakes`;
  const version = sorted.find(({ field, found }) => field === 'requires' && found.startsWith('qbtc '));
  return new QbtcError('CONFIG_INVALID', `${shown} has ${count}`, {
    details: sorted.map((mistake) => formatMistake(shown, mistake)),
    ...(version === undefined ? {} : { hint: `Install ${version.expected}, or change "requires".` }),
  });
}

function shorter(path: string, file: string): string {
  return path.startsWith('..') ? file : path;
}

async function readStackFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new QbtcError('CONFIG_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
