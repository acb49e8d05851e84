import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CONTRACTS_FOLDER } from '../config/files.ts';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { Participant } from './docs.ts';
import { readSchemas, readSchemasAt } from './read.ts';
import type { SchemaFile } from './schema-file.ts';
import { typesOf } from './types.ts';
import { type Contracts, contractsOf, validateSchemas } from './validate.ts';

export { asyncApiOf } from './asyncapi.ts';
export { diffContracts } from './diff.ts';
export { docsOf } from './docs.ts';
export { checkEventFiles } from './event-files.ts';
export { publishEvent } from './publish.ts';
export { readSchemas } from './read.ts';
export { replayDeadLetters } from './replay.ts';
export { destinationsOf, eventFiles } from './schema-file.ts';
export { tailEvents } from './tail.ts';
export { typesOf } from './types.ts';
export { contractsOf, validateSchemas } from './validate.ts';

/**
 * The contracts of a stack.
 * @throws QbtcError those of `readSchemas`
 */
export async function readContracts(stack: Pick<Stack, 'root' | 'contractFolders'>): Promise<SchemaFile[]> {
  const folders = await Promise.all(foldersOf(stack).map(readSchemas));
  return folders.flat();
}

/** The same; none for a stack without contracts. */
export async function readContractsIfAny(
  stack: Pick<Stack, 'root' | 'contractFolders'>,
): Promise<SchemaFile[]> {
  return stack.contractFolders.length === 0 ? [] : await readContracts(stack);
}

/**
 * TypeScript of the contracts in one folder of the stack: its own, unless another is named.
 * @throws QbtcError those of `readSchemas`
 */
export async function contractTypes(
  stack: Pick<Stack, 'root' | 'contractFolders' | 'events'>,
  folder = join(stack.root, CONTRACTS_FOLDER),
): Promise<string> {
  const others = foldersOf(stack).filter((each) => each !== folder);
  const [own, ...referred] = await Promise.all([folder, ...others].map(readSchemas));
  return typesOf(own ?? [], { exchange: stack.events.exchange, others: referred.flat() });
}

/** A stack without contracts is told where they would stand. */
function foldersOf({ root, contractFolders }: Pick<Stack, 'root' | 'contractFolders'>): readonly string[] {
  return contractFolders.length === 0 ? [join(root, CONTRACTS_FOLDER)] : contractFolders;
}

/**
 * The contracts of a stack, sound enough to check events against.
 * @throws QbtcError those of `readSchemas`; `SCHEMA_INVALID`
 */
export async function openContracts(stack: Stack): Promise<{ files: SchemaFile[]; contracts: Contracts }> {
  const files = await readContracts(stack);
  const [finding, ...others] = validateSchemas(files, stack.root).filter(({ code }) =>
    ['no-schema', 'reference', 'id'].includes(code),
  );
  if (finding !== undefined) {
    const at = finding.place === undefined ? '' : `${finding.place.file}:${finding.place.line}: `;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    throw new QbtcError('SCHEMA_INVALID', `${at}${finding.message}${more}`, {
      hint: 'qbtc events validate',
    });
  }
  return { files, contracts: contractsOf(files) };
}

/** The same; `undefined` for a stack that has none. */
export async function openContractsIfAny(stack: Stack): Promise<Contracts | undefined> {
  return stack.contractFolders.length === 0 ? undefined : (await openContracts(stack)).contracts;
}

/**
 * The contracts as they are, and what to compare them with: those of a commit, or a folder, which is compared with the own
 * contracts of the stack.
 * @throws QbtcError those of `readSchemas` and `readSchemasAt`
 */
export async function readVersions(
  { exec, cwd }: Pick<Context, 'exec' | 'cwd'>,
  stack: Stack,
  against: string,
): Promise<{ before: SchemaFile[]; after: SchemaFile[] }> {
  const folder = join(cwd, against);
  const found = await stat(folder).catch(() => undefined);
  const [before, after] = await Promise.all(
    found?.isDirectory()
      ? [readSchemas(folder), readSchemas(join(stack.root, CONTRACTS_FOLDER))]
      : [readSchemasAt(exec, stack, against, foldersOf(stack)), readContracts(stack)],
  );
  return { before, after };
}

/** What each service says and hears, for pages and documents. */
export function participantsOf({ services }: Pick<Stack, 'services'>): Participant[] {
  return services.flatMap(({ name, events }) =>
    events === undefined
      ? []
      : [
          {
            service: name,
            publishes: events.publishes,
            consumes: [...events.consumes, ...events.subscribes],
          },
        ],
  );
}
