import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import type { Participant } from './docs.ts';
import { readSchemas, readSchemasAt, SCHEMA_FOLDER } from './read.ts';
import type { SchemaFile } from './schema-file.ts';
import { type Contracts, contractsOf, validateSchemas } from './validate.ts';

export { asyncApiOf } from './asyncapi.ts';
export { type ContractChange, diffContracts } from './diff.ts';
export { docsOf } from './docs.ts';
export { checkEventFiles } from './event-files.ts';
export { publishEvent } from './publish.ts';
export { readSchemas, readSchemasAt } from './read.ts';
export { replayDeadLetters } from './replay.ts';
export { eventFiles } from './schema-file.ts';
export { tailEvents } from './tail.ts';
export { typesOf } from './types.ts';
export { contractsOf, validateSchemas } from './validate.ts';

/**
 * The contracts of a stack.
 * @throws QbtcError those of `readSchemas`
 */
export function readContracts(stack: Stack): Promise<SchemaFile[]> {
  return readSchemas(join(stack.root, SCHEMA_FOLDER));
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
  const folder = await stat(join(stack.root, SCHEMA_FOLDER)).catch(() => undefined);
  return folder === undefined ? undefined : (await openContracts(stack)).contracts;
}

/**
 * The contracts to compare with: those of a commit, or of a folder where there is one of that name.
 * @throws QbtcError those of `readSchemas` and `readSchemasAt`
 */
export async function readContractsOf(
  { exec, cwd }: Pick<Context, 'exec' | 'cwd'>,
  stack: Stack,
  against: string,
): Promise<SchemaFile[]> {
  const folder = join(cwd, against);
  const found = await stat(folder).catch(() => undefined);
  return found?.isDirectory() ? readSchemas(folder) : readSchemasAt(exec, stack.root, against);
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
