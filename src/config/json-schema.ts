import * as z from 'zod';
import { stackSchema } from './schema.ts';
import { serviceFileSchema } from './service-file.ts';

/** A value that is a reference until qbtc fills it in, where the schema asks for something else than text. */
const REFERENCE = { type: 'string' as const, pattern: '\\$\\{.+\\}' };

/**
 * The JSON Schema of `qbtc.yaml` for editors, with descriptions and defaults. Draft 7, as the YAML language server
 * knows it best. It describes the file as it is written, so numbers and choices may also be `${...}`.
 */
export function stackJsonSchema(): Record<string, unknown> {
  return jsonSchemaOf('qbtc.yaml', stackSchema);
}

/** The same for the service files that `qbtc.yaml` includes. */
export function serviceJsonSchema(): Record<string, unknown> {
  return jsonSchemaOf('service.yaml', serviceFileSchema);
}

function jsonSchemaOf(title: string, described: z.ZodType): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(described, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      // zod leaves the default out where a preprocess step stands before the schema.
      if (def.type === 'default') jsonSchema.default = def.defaultValue;
      if (def.type !== 'number' && def.type !== 'enum') return;
      const { description: _, ...value } = jsonSchema;
      for (const key of Object.keys(value)) delete jsonSchema[key];
      jsonSchema.anyOf = [value, REFERENCE];
    },
  });
  return { $schema, title, ...schema };
}
