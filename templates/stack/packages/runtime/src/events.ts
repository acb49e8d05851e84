import { randomUUID } from 'node:crypto';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import envelope from '../../../event-schemas/envelope.json' with { type: 'json' };

/** What every event carries: `event-schemas/envelope.json`. Names are those of CloudEvents 1.0 and its extensions. */
export interface Event<Data> {
  specversion: '1.0';
  id: string;
  source: string;
  type: string;
  time: string;
  datacontenttype: 'application/json';
  dataschema: string;
  correlationid: string;
  causationid?: string;
  expirytime?: string;
  /** Of the span in which it is sent. */
  traceparent?: string | undefined;
  /** Who asked at the gateway. */
  consumer?: string;
  /** The same for two events that are to have one effect. */
  idempotencykey?: string;
  data: Data;
}

/** A place where an event does not match its schema. */
export interface EventProblem {
  /** JSON Pointer in the event: `/data/messages`. */
  path: string;
  /** The keyword of JSON Schema that failed: `required`, `type`, …. */
  keyword: string;
  /** The keyword's details: `{missingProperty: 'messages'}`. */
  params: Record<string, unknown>;
  message: string;
}

/** An event that is not JSON or does not match its schema. */
export class EventInvalid extends Error {
  override readonly name = 'EventInvalid';
  readonly problem: EventProblem;

  constructor(type: string, problem: EventProblem, options?: { cause: unknown }) {
    super(
      `not a valid ${type}: ${problem.path === '' ? 'the event' : problem.path} ${problem.message}`,
      options,
    );
    this.problem = problem;
  }
}

export interface EventType<Data> {
  /** The name, which is also the `type` attribute: `llm_request`. */
  readonly name: string;
  /** A new event with an id and a time of its own. It is not validated: `encode` does that. */
  create(
    data: Data,
    attributes: { source: string; correlationid: string } & Partial<
      Pick<Event<Data>, 'causationid' | 'expirytime' | 'traceparent' | 'consumer' | 'idempotencykey'>
    >,
  ): Event<Data>;
  /** @throws {EventInvalid} */
  encode(event: Event<Data>): Buffer;
  /** @throws {EventInvalid} */
  decode(content: Buffer): Event<Data>;
  /** Checks what was parsed already. @throws {EventInvalid} */
  accept(parsed: unknown): Event<Data>;
}

/** A JSON Schema of `event-schemas/`, whose `$id` is `urn:qbtc:event:NAME:MAJOR`. */
export interface EventSchema {
  $id: string;
  [keyword: string]: unknown;
}

/**
 * Makes event types of the schemas. A schema may refer to the others by their `$id`.
 * The schemas themselves are checked by the tests and not again at each start.
 */
export function compileEventTypes<Schemas extends Record<string, EventSchema>>(
  schemas: Schemas,
): <Data>(name: keyof Schemas & string) => EventType<Data> {
  const ajv = new Ajv2020({ meta: false, validateSchema: false, strict: false });
  addFormats.default(ajv, { mode: 'fast', formats: ['date-time'] });
  ajv.addSchema(envelope);
  for (const schema of Object.values(schemas)) ajv.addSchema(schema);

  return <Data>(name: keyof Schemas & string) => {
    const dataschema = schemas[name]?.$id ?? '';
    // With the first event: a service knows more types than it meets, and compiling each takes tens of milliseconds.
    let validate: ValidateFunction | undefined;
    const accept = (event: unknown): Event<Data> => {
      validate ??= ajv.compile({
        allOf: [{ $ref: envelope.$id }],
        properties: { type: { const: name }, dataschema: { const: dataschema }, data: { $ref: dataschema } },
      });
      if (validate(event)) return event as Event<Data>;
      throw new EventInvalid(name, problemOf(validate.errors ?? []));
    };
    return {
      name,
      accept,
      create: (data, attributes) => ({
        specversion: '1.0',
        id: randomUUID(),
        type: name,
        time: new Date().toISOString(),
        datacontenttype: 'application/json',
        dataschema,
        ...attributes,
        data,
      }),
      encode: (event) => Buffer.from(JSON.stringify(accept(event))),
      decode: (content) => accept(parse(name, content)),
    };
  };
}

/** JSON is UTF-8 (RFC 8259, section 8.1): of other bytes it would be another event than the one that was sent. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parse(name: string, content: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(content));
  } catch (cause) {
    const problem = { path: '', keyword: 'json', params: {}, message: 'is not JSON' };
    throw new EventInvalid(name, problem, { cause });
  }
}

/** Of alternatives that all failed, the alternative as a whole is the problem, not the first branch of it. */
function problemOf(errors: ErrorObject[]): EventProblem {
  const error = errors.find(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf') ?? errors[0];
  return {
    path: error?.instancePath ?? '',
    keyword: error?.keyword ?? 'false schema',
    params: error?.params ?? {},
    message: error?.message ?? 'is not allowed',
  };
}
