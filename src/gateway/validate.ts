import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { nearest } from '../config/mistake.ts';
import type { Finding } from '../model/finding.ts';
import type { GatewayObject, GatewayState, SourcePlace } from '../model/gateway.ts';
import type { Stack } from '../model/stack.ts';
import { mapConcurrently } from '../reconcile/map-concurrently.ts';
import type { GatewayDriver } from './driver.ts';
import { inFileOrder } from './lint/index.ts';
import { placeOfRefusal } from './refusal.ts';
import { type JsonSchema, pluginSchema, type SchemaName } from './schema.ts';
import { objectsOf } from './state.ts';

export interface Validation {
  checked: number;
  findings: Finding[];
  /** What could not be judged, and why; empty when all was. */
  notJudged: string[];
}

const IN_FLIGHT = 16;

/**
 * Asks the gateway itself whether it would take what is declared, without writing anything: its check of each object,
 * and its own schema for the configuration of each plugin.
 *
 * @throws QbtcError what the driver says of a gateway that cannot be asked
 */
export async function validateGateway(
  driver: GatewayDriver,
  desired: GatewayState,
  stack: Pick<Stack, 'gateway'>,
): Promise<Validation> {
  const objects = [...objectsOf(desired)];
  const plugins = await driver.plugins?.();
  if (driver.check === undefined || plugins === undefined) {
    const why =
      'a standalone APISIX has no question for it: it checks what it is given by `qbtc routes sync`';
    return { checked: 0, findings: [], notJudged: [why] };
  }
  const uses = objects.flatMap(({ kind, object }) =>
    pluginNames(object)
      .filter((name) => plugins.includes(name))
      .map((name) => pluginSchema(kind, name)),
  );
  const schemas = await driver.schemas([...new Set(uses)]);
  const judges = new Map<SchemaName, ValidateFunction | undefined>();
  const judgeOf = (name: SchemaName): ValidateFunction | undefined => {
    if (!judges.has(name)) judges.set(name, compile(schemas.get(name)));
    return judges.get(name);
  };
  const notJudged = new Set<string>();

  const findings = await mapConcurrently(objects, IN_FLIGHT, async ({ kind, id, object }) => {
    const found: Finding[] = [];
    const report = (message: string, place: SourcePlace | undefined, fix = '') =>
      found.push({
        code: 'refused',
        severity: 'error',
        subject: `${kind} ${id}`,
        message,
        fix,
        ...(place === undefined ? {} : { place }),
      });
    const refusal = await driver.check?.(kind, id, object);
    if (refusal !== undefined) report(refusal, placeOfRefusal(stack.gateway, kind, id, refusal));
    for (const [name, configuration] of Object.entries((object.plugins as object | undefined) ?? {})) {
      const at = (path: string[]) => stack.gateway.locate(kind, id, ['plugins', name, ...path]);
      if (!plugins.includes(name)) {
        const near = nearest(name, plugins);
        report(`unknown plugin [${name}]`, at([]), near === undefined ? '' : `did you mean ${near}?`);
        continue;
      }
      const judge = judgeOf(pluginSchema(kind, name));
      if (judge === undefined) {
        notJudged.add(`the configuration of ${name}: the gateway gives no schema that can be used here`);
      } else if (!judge(configuration)) {
        for (const error of telling(judge.errors ?? []))
          report(`plugin ${name}: ${worded(error)}`, at(pathOf(error)));
      }
    }
    return found;
  });
  return { checked: objects.length, findings: inFileOrder(findings.flat()), notJudged: [...notJudged] };
}

const pluginNames = (object: GatewayObject): string[] =>
  Object.keys((object.plugins as object | undefined) ?? {});

/** APISIX's schemas are draft 7 with words of their own; one that cannot be compiled judges nothing. */
function compile(schema: JsonSchema | undefined): ValidateFunction | undefined {
  if (schema === undefined) return undefined;
  try {
    const ajv = new Ajv({
      strict: false,
      allErrors: true,
      validateSchema: false,
      unicodeRegExp: false,
      logger: false,
    });
    return ajv.compile(schema);
  } catch {
    return undefined;
  }
}

/** The errors that name a field, rather than the branches (`oneOf`) that failed because of it. */
function telling(errors: readonly ErrorObject[]): ErrorObject[] {
  const named = errors.filter(({ keyword }) => !['oneOf', 'anyOf', 'if', 'allOf'].includes(keyword));
  return (named.length > 0 ? named : [...errors]).slice(0, 5);
}

function pathOf({ instancePath, keyword, params }: ErrorObject): string[] {
  const path = instancePath.split('/').slice(1);
  return keyword === 'additionalProperties' ? [...path, String(params.additionalProperty)] : path;
}

function worded({
  instancePath,
  message = 'is not as its schema says',
  keyword,
  params,
}: ErrorObject): string {
  const field = instancePath.split('/').slice(1).join('.');
  const extra = keyword === 'additionalProperties' ? ` ("${String(params.additionalProperty)}")` : '';
  const allowed = keyword === 'enum' ? ` (${(params.allowedValues as unknown[]).join(', ')})` : '';
  return `${field === '' ? '' : `${field} `}${message}${extra}${allowed}`;
}
