import { access, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { readTextFile, unreadable } from '../text-file.ts';
import { buildStack } from './build.ts';
import { asApisix, consumerSecrets, readConsumers } from './consumers.ts';
import { parseStackDocument, type StackDocument } from './document.ts';
import { readEnvFiles } from './env-file.ts';
import { readEnvironment } from './environment.ts';
import { fileMistakes } from './files.ts';
import { type Environments, fillIn } from './fill-in.ts';
import { DEFAULT_GATEWAY_FILES, type FileMistakes, readGatewayFiles, shownFrom } from './gateway-files.ts';
import { locator } from './gateway-places.ts';
import { type IncludedFile, includedFiles, withIncluded } from './include.ts';
import { interpolate } from './interpolate.ts';
import { expectation, schemaMistakes } from './issues.ts';
import { formatMistake, inFileOrder, type Mistake } from './mistake.ts';
import { askedSecretsOf, outlineOf, portUses, secretNamesOf } from './outline.ts';
import { partLocator } from './part-places.ts';
import { declaredPortBase, localPortBase, withPortBase } from './port-base.ts';
import { ruleMistakes } from './rules.ts';
import { applyScale, readScale, type Scale } from './scale.ts';
import { type StackFile, stackSchema } from './schema.ts';
import { ensureSecrets, readSecrets, refuseUnknown } from './secrets.ts';

export const STACK_FILE = 'qbtc.yaml';

export interface LoadOptions {
  /** `qbtc.yaml`, absolute. */
  file: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The stack's secrets by name; those that `qbtc.yaml` refers to must be there. */
  secrets: Readonly<Record<string, string>>;
  qbtcVersion: string;
  /** How many instances of services there are to be, instead of what the file says. */
  scale?: Scale;
  /** A port base in the place of all others. */
  portBase?: number;
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
 * Reads `.env`, loads the stack, and generates the secrets that are missing unless the file has mistakes: what every
 * command starts with. With `readOnly` nothing is written: what is not generated yet is filled in with a placeholder.
 * @throws QbtcError as `loadStack` and `ensureSecrets`
 */
export async function openStack(
  given: Omit<LoadOptions, 'secrets'> & { readOnly?: boolean },
): Promise<Stack> {
  const root = dirname(given.file);
  const options = { ...given, scale: { ...(await readScale(root)), ...given.scale } };
  const { document: written, included } = await readDocument(options);
  const env = await readEnvironment(root, options.env);
  const local = await localPortBase(root, env, given.portBase);
  const document = withPortBase(written, local);
  const load = async (secrets: Readonly<Record<string, string>>): Promise<Stack> => {
    const stack = await loadDocument(document, { ...options, env, secrets }, included);
    if (local === undefined) return stack;
    return { ...stack, portBaseFrom: local.from, declaredPortBase: declaredPortBase(written) };
  };
  const outline = document.usable ? outlineOf(document.data) : undefined;
  const names = outline === undefined ? [] : secretNamesOf(outline);
  const asked = outline === undefined ? {} : askedSecretsOf(outline);
  if (names.length === 0) return await load({});

  const known = (await readSecrets(root)) ?? {};
  if (names.some((name) => !Object.hasOwn(known, name))) {
    // A file with mistakes generates nothing: one of them may be the name of a secret.
    const pending = Object.fromEntries(names.map((name) => [name, PENDING_SECRET]));
    const stack = await load({ ...pending, ...known });
    if (options.readOnly === true) return stack;
  }
  refuseUnknown(asked, known);
  const made = names.filter((name) => !Object.hasOwn(asked, name));
  return await load(await ensureSecrets(root, made));
}

/** Stands for a secret that is not generated yet, while the file is checked. */
const PENDING_SECRET = 'pending';

/**
 * Reads and checks `qbtc.yaml`, and fills in defaults, references, endpoints and absolute paths. Writes nothing.
 * @throws QbtcError CONFIG_INVALID with every mistake of the file as a line of `details`, in the order of the file;
 * CONFIG_UNREADABLE when there is no file to read
 */
export async function loadStack(options: LoadOptions): Promise<Stack> {
  const { document, included } = await readDocument(options);
  return await loadDocument(document, options, included);
}

/**
 * Reads `qbtc.yaml` and the service files that it includes, as one document; what is wrong with them is among its mistakes.
 * @throws QbtcError CONFIG_UNREADABLE; CONFIG_INVALID for a file that is too large
 */
export async function readStackDocument(options: Pick<LoadOptions, 'file' | 'cwd'>): Promise<StackDocument> {
  return (await readDocument(options)).document;
}

async function readDocument(
  options: Pick<LoadOptions, 'file' | 'cwd'>,
): Promise<{ document: StackDocument; included: string[] }> {
  const root = dirname(options.file);
  const written = parseStackDocument(await readStackFile(options));
  const included = await includedFiles(root, written);
  const files = await Promise.all(
    included.map(
      async (file): Promise<IncludedFile> => ({
        file,
        shown: shownFrom(options.cwd, file),
        text: await readStackFile({ ...options, file }),
      }),
    ),
  );
  return { document: withIncluded(root, written, files), included };
}

async function loadDocument(
  document: StackDocument,
  options: LoadOptions,
  included: string[],
): Promise<Stack> {
  const { file, qbtcVersion } = options;
  const root = dirname(file);
  if (!document.usable) throw invalid(options, document.mistakes);

  const { data, environment, inside, resources, mistakes, values } = fillIn(document, root, options);
  for (const services of [data.services, inside.services]) applyScale(services, options.scale ?? {});
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
  const patterns = outline.gateway.files ?? [];
  const gateway = await readGatewayFiles(
    root,
    patterns.length === 0 ? [DEFAULT_GATEWAY_FILES] : patterns,
    (value, source, found) => interpolate(value, [], values, source, found, { asApisix: true }),
    options.cwd,
  );
  if (all.length > 0 || gateway.mistakes.length > 0 || !parsed.success)
    throw invalid(options, all, gateway.mistakes);
  const contained = stackSchema.parse({ ...data, services: inside.services });
  const consumers = await readConsumers(root);
  const shown = shownFrom(options.cwd, file);
  const files = await environmentFiles(root, parsed.data.services, options.env);
  const config = { ...parsed.data, services: withEnvironment(parsed.data.services, environment, files) };
  return await buildStack(config, {
    root,
    file,
    includedFiles: included,
    resources,
    containedServices: withEnvironment(contained.services, inside.environment, files),
    secrets: { ...options.secrets, ...consumerSecrets(consumers) },
    consumers: consumers.map(asApisix),
    secretNames: secretNamesOf(outline),
    askedSecrets: askedSecretsOf(outline),
    gatewayFiles: gateway.sources.map(({ lists }) => lists),
    locate: partLocator(parsed.data, shown, document),
    locateInGateway: locator(parsed.data, { shown, document }, gateway.sources),
  });
}

/** What the files say that the services name in `env_file`. */
async function environmentFiles(
  root: string,
  services: StackFile['services'],
  env: LoadOptions['env'],
): Promise<Environments> {
  const read = Object.entries(services).map(
    async ([name, { env_file }]) =>
      [name, await readEnvFiles(root, env_file, (variable) => env[variable])] as const,
  );
  return new Map(await Promise.all(read));
}

/** The services with what `env` of the stack and their files give to each. */
function withEnvironment(
  services: StackFile['services'],
  given: Environments,
  files: Environments,
): StackFile['services'] {
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => [
      name,
      { ...service, env: { ...given.get(name), ...files.get(name), ...service.env } },
    ]),
  );
}

/** Names of the secrets that a stack needs, declared or for its resources; what cannot be read has none. */
export function secretNames({ data }: StackDocument): string[] {
  const outline = outlineOf(data);
  const asked = askedSecretsOf(outline);
  return secretNamesOf(outline).filter((name) => !Object.hasOwn(asked, name));
}

/** The ports that a stack listens on as they are declared, replicas included, without its port base. */
export function declaredPorts({ data }: StackDocument): number[] {
  return portUses({ ...outlineOf(data), ports: { base: 0 } }).map(({ port }) => port);
}

/** A screen or two; whoever has more starts with these. */
const MAX_SHOWN = 100;

function invalid(
  { file, cwd }: Pick<LoadOptions, 'file' | 'cwd'>,
  mistakes: readonly Mistake[],
  others: readonly FileMistakes[] = [],
): QbtcError {
  const own = inFileOrder(mistakes);
  const shown = shownFrom(cwd, file);
  const lines = [{ shown, mistakes: own }, ...others].flatMap((each) =>
    inFileOrder(each.mistakes).map((mistake) => ({ file: mistake.at.included?.file ?? each.shown, mistake })),
  );
  const count = lines.length === 1 ? 'a mistake' : `${lines.length} mistakes`;
  const requires = own.find((mistake) => mistake.requires !== undefined)?.requires;
  const files = [...new Set(lines.map((line) => line.file))];
  const verb = files.length === 1 ? 'has' : 'have';
  return new QbtcError('CONFIG_INVALID', `${files.join(' and ')} ${verb} ${count}`, {
    details: [
      ...lines.slice(0, MAX_SHOWN).map((line) => formatMistake(line.file, line.mistake)),
      ...(lines.length > MAX_SHOWN ? [`and ${lines.length - MAX_SHOWN} more`] : []),
    ],
    ...(requires !== undefined && {
      hint: `Install a version of qbtc that satisfies ${requires}, or change "requires".`,
    }),
  });
}

/** Far more than any stack needs; checking more would take long. */
const MAX_FILE_BYTES = 1024 * 1024;

async function readStackFile(options: Pick<LoadOptions, 'file' | 'cwd'>): Promise<string> {
  const { file } = options;
  const size = await stat(file).then(
    (found) => found.size,
    // Reading says why.
    () => 0,
  );
  if (size > MAX_FILE_BYTES) {
    const at = { line: 1, column: 1 };
    throw invalid(options, [
      { at, field: '', found: `${size} bytes`, expected: 'at most 1 MiB (1048576 bytes)' },
    ]);
  }
  try {
    return await readTextFile(file);
  } catch (error) {
    throw unreadable('CONFIG_UNREADABLE', file, error);
  }
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}
