import * as z from 'zod';
import { durationSchema } from './duration.ts';
import { jsonPathSchema } from './json-path.ts';
import { STEP_KIND_NAMES, STEPS, type StepKindName } from './step-registry.ts';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const CAPTURE_NAME = /^[a-z_][a-z0-9_]*$/;

/** What every step has, whatever its kind. */
const common = {
  hop: z.strictObject({
    subject: z.string(),
    proves: z.string().min(1, { error: 'what the hop proves' }),
  }),
  capture: z
    .record(
      z.string().regex(CAPTURE_NAME, { error: 'a name of lower-case letters, digits and underscores' }),
      jsonPathSchema,
    )
    .default({}),
};

function stepSchema(kind: StepKindName) {
  return z
    .strictObject({ kind: z.literal(kind), ...common, ...STEPS[kind].shape })
    .superRefine((read, issues) => STEPS[kind].refine?.(read, issues));
}

const [first, ...others] = STEP_KIND_NAMES.map(stepSchema) as [
  ReturnType<typeof stepSchema>,
  ...ReturnType<typeof stepSchema>[],
];

const tap = z.strictObject({
  exchange: z.string().min(1, { error: 'an exchange; nobody can listen at the default exchange' }),
  routing_key: z.string(),
});

/** A flow file: what each field is called and holds, and its default. What no single field can tell stands in `rules.ts`. */
export const flowFileSchema = z.strictObject({
  name: z.string().regex(NAME, { error: 'a name of lower-case letters, digits and hyphens' }),
  description: z.string().default(''),
  tags: z.array(z.string()).default([]),
  timeout: durationSchema.default(30_000),
  disruptive: z.boolean({ error: 'true or false' }).default(false),
  taps: z.array(tap).default([]),
  steps: z.array(z.discriminatedUnion('kind', [first, ...others])).min(1, { error: 'at least one step' }),
});

export type FlowFile = z.infer<typeof flowFileSchema>;
