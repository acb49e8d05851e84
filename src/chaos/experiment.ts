import { relative } from 'node:path';
import * as z from 'zod';
import { parseStackDocument } from '../config/document.ts';
import { expectation, schemaMistakes } from '../config/issues.ts';
import { fieldName, formatMistake, inFileOrder, type Mistake, nearest } from '../config/mistake.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import { durationSchema, knownNames, loadFlows, referencesIn } from '../flow/index.ts';
import { FLOOD_MESSAGES } from '../model/chaos.ts';
import type { Stack } from '../model/stack.ts';
import { resourcesOfKind } from '../resources/facts.ts';
import { readTextFile } from '../text-file.ts';
import { faultNames } from './name.ts';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
/** Load is for this machine alone, and bounded. */
const MOST_A_SECOND = 1_000;

const share = z.number().min(0).max(1);

const faultSchema = z.strictObject({
  /** Its name: `broker-kill`. */
  fault: z.string(),
  /** Since the load began. */
  after: durationSchema.default(2_000),
  /** How long it is held; left out, it is a blow that whoever supervises has to mend. */
  for: durationSchema.optional(),
  latency: durationSchema.optional(),
  jitter: durationSchema.optional(),
  /** Bytes a second. */
  bandwidth: z.int().positive().optional(),
  loss: share.optional(),
  reset: share.optional(),
  count: z.int().min(FLOOD_MESSAGES.min).max(FLOOD_MESSAGES.max).optional(),
  key: z.string().optional(),
});

/** An experiment file: what is normal, what goes wrong, and what must be true afterwards. */
const experimentSchema = z.strictObject({
  name: z.string().regex(NAME, { error: 'a name of lower-case letters, digits and hyphens' }),
  description: z.string().default(''),
  /** The flows that describe what is normal; those tagged `smoke` when left out. */
  steady: z.array(z.string()).optional(),
  load: z
    .strictObject({
      /** Requests a second. */
      rate: z.number().positive().max(MOST_A_SECOND).default(20),
      request: z.strictObject({
        method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
        url: z.string(),
        headers: z.record(z.string(), z.string()).default({}),
        json: z.json().optional(),
      }),
      /** How long an answer may take. */
      within: durationSchema.default(10_000),
      /** Where each request that was answered 2xx must be found afterwards. */
      kept: z
        .strictObject({
          resource: z.string(),
          /** Selects the ids that are there, of those in the array $1. */
          query: z.string(),
        })
        .optional(),
    })
    .optional(),
  faults: z.array(faultSchema).min(1, { error: 'at least one fault' }),
  recovery: z
    .strictObject({
      /** How long the stack may take after the last fault. */
      within: durationSchema.default(60_000),
      /** Heal begins when it is not well by itself after this time; never when left out. */
      heal_after: durationSchema.optional(),
    })
    .prefault({}),
});

export type Experiment = z.output<typeof experimentSchema> & { file: string };

/**
 * The experiments of the stack.
 *
 * @throws QbtcError `EXPERIMENT_INVALID` with every mistake of every file, each with file:line:column
 */
export async function loadExperiments(stack: Stack): Promise<Experiment[]> {
  const [faults, flows] = await Promise.all([faultNames(stack), loadFlows(stack)]);
  const known = { faults, flows: flows.map(({ name }) => name), names: knownNames(stack) };
  const read = await Promise.all(
    stack.chaos.experimentFiles.map(async (file) => ({ file, ...(await parse(file, stack, known)) })),
  );
  const details = read.flatMap(({ file, mistakes }) =>
    inFileOrder(mistakes).map((mistake) => formatMistake(relative(stack.root, file), mistake)),
  );
  if (details.length > 0)
    throw new QbtcError('EXPERIMENT_INVALID', 'the experiments have mistakes', {
      exit: EXIT.usage,
      details,
      hint: 'docs/chaos.md describes the format',
    });
  return read.flatMap(({ experiment }) => experiment ?? []);
}

/**
 * @throws QbtcError `EXPERIMENT_UNKNOWN` with the nearest name
 */
export function experimentNamed(experiments: readonly Experiment[], name: string): Experiment {
  const found = experiments.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = experiments.map((each) => each.name);
  const near = nearest(name, names);
  throw new QbtcError('EXPERIMENT_UNKNOWN', `no experiment is named "${name}"`, {
    exit: EXIT.usage,
    hint: `${near === undefined ? '' : `did you mean ${near}? `}known: ${names.join(', ') || 'none'}`,
  });
}

interface Known {
  faults: string[];
  flows: string[];
  names: string[];
}

async function parse(
  file: string,
  stack: Stack,
  known: Known,
): Promise<{ experiment?: Experiment; mistakes: Mistake[] }> {
  const text = await readTextFile(file).catch((error: unknown) => {
    if (error instanceof QbtcError) throw error;
    throw new QbtcError('EXPERIMENT_INVALID', `${file} cannot be read: ${messageOf(error)}`, {
      exit: EXIT.usage,
      cause: error,
    });
  });
  const document = parseStackDocument(text);
  if (!document.usable) return { mistakes: document.mistakes };
  const parsed = experimentSchema.safeParse(document.data, { error: expectation });
  if (!parsed.success) {
    const found = schemaMistakes(experimentSchema, parsed.error.issues, document.data, document);
    return { mistakes: [...document.mistakes, ...found] };
  }
  const { data } = parsed;
  const mistakes: Mistake[] = [...document.mistakes];
  const check = (path: (string | number)[], found: string, among: readonly string[], expected: string) => {
    if (among.includes(found)) return;
    const near = nearest(found, [...among]);
    mistakes.push({
      at: document.at(path),
      field: fieldName(path),
      found: JSON.stringify(found),
      expected,
      ...(near === undefined ? {} : { nearest: near }),
    });
  };
  for (const [index, { fault, for: held }] of data.faults.entries()) {
    check(['faults', index, 'fault'], fault, known.faults, 'a fault of this stack');
    // Nobody but its undoing ends it, so the stack could not recover from it.
    if (held === undefined && /-(slow|cut)$/.test(fault))
      mistakes.push({
        at: document.at(['faults', index]),
        field: fieldName(['faults', index, 'for']),
        found: 'nothing',
        expected: 'how long it is held, such as 10s',
      });
  }
  for (const [index, flow] of (data.steady ?? []).entries())
    check(['steady', index], flow, known.flows, 'a flow');
  const databases = resourcesOfKind(stack, 'postgres').map(({ name }) => name);
  const kept = data.load?.kept;
  if (kept !== undefined) check(['load', 'kept', 'resource'], kept.resource, databases, 'a database');
  for (const { name, path } of referencesIn(data.load?.request ?? {}))
    check(['load', 'request', ...path], name, known.names, 'a name that ${…} can hold');
  return { experiment: { ...data, file }, mistakes };
}
