import { resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { messageOf } from '../errors.ts';
import { plainJson } from '../json.ts';
import { readTextFile } from '../text-file.ts';
import type { JsonValue } from './json-path.ts';

/** More than these nobody reads. */
const SHOWN = 3;

/** Judges schemas by the draft alone. To compile the draft's own schema takes a tenth of a second, so it is kept. */
let draft: Ajv2020 | undefined;

/**
 * In which places a document does not keep to a JSON Schema (draft 2020-12); empty when it does.
 *
 * @param schema the schema, or its file relative to `root`
 */
export async function schemaMismatches(
  document: JsonValue | undefined,
  schema: string | Record<string, unknown>,
  root: string,
): Promise<string[]> {
  if (document === undefined) return ['there is no JSON that a schema could be held against'];
  try {
    const loaded = typeof schema === 'string' ? await read(resolve(root, schema)) : plainJson<object>(schema);
    draft ??= new Ajv2020({ allErrors: true, strict: false });
    draft.validateSchema(loaded, true);
    const ajv = new Ajv2020({ allErrors: true, strict: false, validateSchema: false });
    // The plugin is CommonJS: its types see a module where there is a function.
    (addFormats as unknown as (target: Ajv2020) => void)(ajv);
    const validate = ajv.compile(loaded);
    if (validate(plainJson(document))) return [];
    return (validate.errors ?? [])
      .slice(0, SHOWN)
      .map(({ instancePath, message = 'does not fit' }) => `${instancePath || 'the document'} ${message}`);
  } catch (error) {
    return [`the schema cannot be used: ${messageOf(error)}`];
  }
}

async function read(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readTextFile(file));
}
