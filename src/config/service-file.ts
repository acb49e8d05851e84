import * as z from 'zod';
import type { StackDocument } from './document.ts';
import { filePatterns, filled, name, secret } from './fields.ts';
import { expectation, schemaMistakes } from './issues.ts';
import type { Mistake } from './mistake.ts';
import { commandSchema } from './sections/commands.ts';
import { serviceSchema } from './sections/services.ts';

/** What a service file says besides the fields of a service, and qbtc.yaml says elsewhere. */
const BESIDE = {
  name: name().optional().describe('The name of the service; left out, that of its folder.'),
  path: filled('a folder')
    .optional()
    .describe("The folder of the service's code, relative to this file; left out, the folder of this file."),
  secrets: z
    .array(secret())
    .optional()
    .describe('Names of secrets that qbtc generates, or with `ask` asks for: `${secrets.NAME}`.'),
  commands: z
    .record(z.string(), commandSchema.omit({ service: true }))
    .optional()
    .describe('Commands that the service adds to qbtc, by name: `qbtc NAME`.'),
  topology: filled('a file').optional().describe('Exchanges, queues and bindings of the service.'),
  migrations: filled('a folder')
    .optional()
    .describe('The folder with the SQL migrations of the service, for the resource that `database` names.'),
  contracts: filled('a folder')
    .optional()
    .describe('The folder with the schemas of the events of the service.'),
  flows: filePatterns().optional().describe('The end-to-end tests of the service.'),
};

/** The shape of `service.yaml`; paths in it are relative to its folder. */
export const serviceFileSchema = z
  .strictObject({ ...serviceSchema.shape, ...BESIDE })
  .describe('A service of the stack: what qbtc.yaml includes.');

/** What the fields of a service hold is judged with all other services: references are not filled in yet. */
const outer = z.strictObject({
  ...Object.fromEntries(Object.keys(serviceSchema.shape).map((key) => [key, z.unknown().optional()])),
  ...BESIDE,
  commands: z.record(z.string(), z.unknown()).optional(),
});

/** Keys that are unknown, and what is wrong with the fields that stand beside those of the service. */
export function serviceFileMistakes(document: StackDocument): Mistake[] {
  const parsed = outer.safeParse(document.data, { error: expectation });
  return schemaMistakes(outer, parsed.error?.issues ?? [], document.data, document);
}

export const BESIDE_KEYS: ReadonlySet<string> = new Set(Object.keys(BESIDE));
