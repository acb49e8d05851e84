import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** OASIS's own schema, as the tools that read SARIF have it. */
const schema = JSON.parse(
  readFileSync(new URL('../fixtures/sarif/sarif-schema-2.1.0.json', import.meta.url), 'utf8'),
) as object;
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(schema);

/** What is wrong with a log of SARIF 2.1.0. */
export function sarifMistakes(log: unknown): unknown[] {
  return validate(log) ? [] : (validate.errors ?? []);
}
