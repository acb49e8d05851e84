import { relative } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { messageOf } from '../errors.ts';
import type { Finding } from '../model/finding.ts';
import {
  ENVELOPE,
  eventFiles,
  eventOf,
  QUEUE,
  ROUTING_KEY,
  routingKeyOf,
  type SchemaFile,
} from './schema-file.ts';
import { schemasIn } from './walk.ts';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** An event that does not match its contract. */
export interface EventProblem {
  /** JSON Pointer in the event: `/data/messages`. */
  path: string;
  message: string;
}

/** Checks events against the contracts. */
export interface Contracts {
  /** The names of the events. */
  names: string[];
  /** The event whose contract has this routing key. */
  eventOf(routingKey: string): string | undefined;
  /** What is wrong with a whole event, envelope and data; empty when nothing is. */
  check(event: unknown): EventProblem[];
  /** The same for the data alone. @throws RangeError for a name that is none of `names` */
  checkData(name: string, data: unknown): EventProblem[];
}

/** Judges schemas by the draft alone. To compile the draft's own schema takes a tenth of a second, so it is kept. */
let draft: Ajv2020 | undefined;

/**
 * What is wrong with the contracts: a file that is no schema of the draft, an id that does not fit its file, a
 * reference that leads nowhere, a field that nobody has described, an example that does not match.
 */
export function validateSchemas(files: readonly SchemaFile[], root: string): Finding[] {
  const findings: Finding[] = [];
  const report = (
    { file, name, at }: SchemaFile,
    code: string,
    path: readonly (string | number)[],
    message: string,
    fix = '',
  ) => {
    const { line, column } = at(path);
    findings.push({
      code,
      severity: 'error',
      subject: `event ${name}`,
      message,
      fix,
      place: { file: relative(root, file), line, column },
    });
  };
  const ajv = newAjv();
  draft ??= newAjv();
  const sound: SchemaFile[] = [];
  for (const each of files) {
    const { schema, name } = each;
    if (schema.$schema !== DRAFT)
      report(each, 'draft', ['$schema'], `found ${JSON.stringify(schema.$schema)}, expected "${DRAFT}"`);
    if (!draft.validateSchema({ ...schema, $schema: DRAFT })) {
      for (const error of draft.errors ?? []) {
        const path = error.instancePath.split('/').slice(1).map(unescapePointer);
        report(each, 'no-schema', path, `${error.instancePath || 'the schema'} ${error.message ?? ''}`);
      }
      continue;
    }
    sound.push(each);
    const event = eventOf(schema);
    if (event === undefined) {
      if (schema.$id === undefined || schema.$id.startsWith('urn:qbtc:event:'))
        report(
          each,
          'id',
          ['$id'],
          `found ${JSON.stringify(schema.$id)}, expected "urn:qbtc:event:${name}:1"`,
        );
    } else if (event.name !== name) {
      report(
        each,
        'id',
        ['$id'],
        `found the event ${event.name} in ${name}.json`,
        `urn:qbtc:event:${name}:${event.major}`,
      );
    }
    for (const { schema: inner, path, field } of schemasIn(schema)) {
      if (field === undefined || describes(inner)) continue;
      report(
        each,
        'undescribed',
        path,
        `the field ${fieldPath(path)} has no description`,
        'say what it means, its unit, and what is taken when it is left out',
      );
    }
    if (typeof schema.description !== 'string')
      report(each, 'undescribed', [], 'the event has no description', 'say what it tells or asks for');
  }
  const holders = new Map<string, string>();
  for (const each of sound) {
    const { $id } = each.schema;
    if ($id === undefined) continue;
    const holder = holders.get($id);
    if (holder === undefined) ajv.addSchema(each.schema);
    else report(each, 'id', ['$id'], `${holder} has the $id ${$id}, too`);
    holders.set($id, relative(root, each.file));
  }
  for (const each of sound) {
    const validate = compiled(ajv, each.schema);
    if (typeof validate === 'string') {
      report(each, 'reference', [], validate);
      continue;
    }
    for (const [index, example] of (each.schema.examples ?? []).entries()) {
      if (validate(example)) continue;
      const problem = problemOf(validate.errors ?? []);
      report(
        each,
        'example',
        ['examples', index],
        `the example does not match: ${problem.path} ${problem.message}`,
      );
    }
  }
  const keys = new Map<string, string>();
  for (const each of eventFiles(sound)) {
    const [key, queue] = [each.schema[ROUTING_KEY], each.schema[QUEUE]];
    if (queue !== undefined && (typeof queue !== 'string' || queue === ''))
      report(each, 'queue', [QUEUE], `found ${JSON.stringify(queue)}, expected the name of a queue`);
    else if (queue !== undefined && key === undefined)
      report(each, 'queue', [QUEUE], `a queue, and no ${ROUTING_KEY}: an answer goes to whoever has asked`);
    if (key === undefined) continue;
    if (typeof key !== 'string' || key === '') {
      report(each, 'routing-key', [ROUTING_KEY], `found ${JSON.stringify(key)}, expected a routing key`);
      continue;
    }
    const other = keys.get(key);
    if (other !== undefined)
      report(each, 'routing-key', [ROUTING_KEY], `${key} is the routing key of ${other} already`);
    keys.set(key, each.name);
  }
  return findings;
}

/** Contracts that events can be checked against. The schemas are taken as they are: `validateSchemas` judges them. */
export function contractsOf(files: readonly SchemaFile[]): Contracts {
  const ajv = newAjv();
  for (const { schema } of files) ajv.addSchema(schema);
  const envelope = files.find(({ name }) => name === ENVELOPE);
  const ids = new Map(eventFiles(files).map(({ name, schema }) => [name, schema.$id ?? '']));
  const names = [...ids.keys()];
  const byKey = new Map(eventFiles(files).map(({ name, schema }) => [routingKeyOf(schema), name]));
  const run = (id: string, value: unknown): EventProblem[] => {
    const validate = ajv.getSchema(id);
    if (validate === undefined) throw new RangeError(`no schema ${id}`);
    return validate(value) === true ? [] : [problemOf(validate.errors ?? [])];
  };
  const checkData = (name: string, data: unknown): EventProblem[] => {
    const id = ids.get(name);
    if (id === undefined) throw new RangeError(`no event ${name}`);
    return run(id, data);
  };
  return {
    names,
    eventOf: (routingKey) => byKey.get(routingKey),
    checkData,
    check(event) {
      if (typeof event !== 'object' || event === null || Array.isArray(event))
        return [{ path: '', message: 'is no event: expected an object' }];
      const { type, data, dataschema } = event as Record<string, unknown>;
      const problems = envelope?.schema.$id === undefined ? [] : run(envelope.schema.$id, event);
      if (problems.length > 0) return problems;
      const name = String(type);
      if (!ids.has(name)) return [{ path: '/type', message: `is ${name}, which no contract describes` }];
      if (dataschema !== ids.get(name))
        return [{ path: '/dataschema', message: `is ${String(dataschema)}, expected ${ids.get(name)}` }];
      return checkData(name, data).map(({ path, message }) => ({ path: `/data${path}`, message }));
    },
  };
}

function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateSchema: false });
  addFormats.default(ajv);
  return ajv;
}

function compiled(ajv: Ajv2020, schema: SchemaFile['schema']): ValidateFunction | string {
  try {
    return (schema.$id === undefined ? undefined : ajv.getSchema(schema.$id)) ?? ajv.compile(schema);
  } catch (error) {
    return messageOf(error);
  }
}

/** A reference brings the description of what it refers to. */
function describes(schema: SchemaFile['schema']): boolean {
  return typeof schema.description === 'string' || typeof schema.$ref === 'string';
}

/** `choices[].message` for `properties/choices/items/properties/message`. */
function fieldPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const [index, part] of path.entries()) {
    const before = path[index - 1];
    if (before === 'properties' || before === '$defs') text += text === '' ? part : `.${part}`;
    else if (part === 'items') text += '[]';
  }
  return text;
}

/** Of alternatives that all failed, the alternative as a whole is the problem, not the first branch of it. */
function problemOf(errors: readonly ErrorObject[]): EventProblem {
  const error = errors.find(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf') ?? errors[0];
  const extra =
    error?.keyword === 'additionalProperties' || error?.keyword === 'unevaluatedProperties'
      ? `: ${String(error.params.additionalProperty ?? error.params.unevaluatedProperty)}`
      : '';
  const allowed =
    error?.keyword === 'enum' ? `: ${(error.params.allowedValues as unknown[]).join(', ')}` : '';
  return {
    path: error?.instancePath ?? '',
    message: `${error?.message ?? 'is not allowed'}${extra}${allowed}`,
  };
}

function unescapePointer(part: string): string | number {
  const text = part.replace(/~1/g, '/').replace(/~0/g, '~');
  return /^\d+$/.test(text) ? Number(text) : text;
}
