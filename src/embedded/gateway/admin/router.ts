import type { Answer } from '../answer.ts';
import {
  consumer,
  consumerGroup,
  credential,
  globalRule,
  pluginConfig,
  route,
  service,
  ssl,
} from '../schema/definitions.ts';
import { upstream } from '../schema/upstream.ts';
import { type JsonSchema, validationError } from '../schema/validator.ts';
import type { Collection } from '../state/resources.ts';
import { UNAVAILABLE_RESOURCES, unavailable } from '../unavailable.ts';
import { NOT_FOUND, type Operations } from './operations.ts';
import { pluginNames, pluginSchema } from './plugin-endpoints.ts';
import { decodeJson, type ReadBody } from './request-body.ts';
import type { WriteMethod } from './resource.ts';
import { RESOURCES } from './resources/registry.ts';

export interface AdminRequest {
  method: 'GET' | WriteMethod;
  /** Decoded, without `/apisix/admin/`. */
  path: string;
  query: URLSearchParams;
  readBody(): Promise<ReadBody>;
}

/** An answer of the Admin API; the ones of resources carry its version in a header. */
export interface AdminAnswer extends Answer {
  versioned: boolean;
}

const plain = (answer: Answer): AdminAnswer => ({ ...answer, versioned: false });
const versioned = (answer: Answer): AdminAnswer => ({ ...answer, versioned: true });

const refuse = (message: string): Answer => ({ status: 400, body: { error_msg: message } });

/** What APISIX itself says where stream routes are not switched on. */
const NO_STREAMS = 'stream mode is disabled, can not add stream routes';

const SCHEMAS: Record<string, JsonSchema> = {
  route,
  service,
  upstream,
  consumer,
  credential,
  global_rule: globalRule,
  ssl,
  plugin_config: pluginConfig,
  consumer_group: consumerGroup,
};

/** Finds what an Admin API path stands for and answers it. Authentication is behind it already. */
export class AdminRouter {
  readonly #operations: Operations;

  constructor(operations: Operations) {
    this.#operations = operations;
  }

  async answer(request: AdminRequest): Promise<AdminAnswer> {
    const { method, query } = request;
    const segments = request.path.split('/');
    const [name = '', id = '', ...rest] = segments;
    if (request.path === 'plugins/list' && method === 'GET') return plain(pluginNames(query));
    if (request.path === 'plugins/reload') return plain(reload(method));
    if (name === 'schema' && id === 'validate' && method === 'POST')
      return this.#validate(rest[0] ?? '', request);
    if (name === 'stream_routes') return plain(refuse(NO_STREAMS));
    const lacking = UNAVAILABLE_RESOURCES.get(name);
    if (lacking !== undefined) return versioned(lackingResource(lacking, method, id));
    if (name === 'plugins' || name === 'schema') {
      if (method !== 'GET') return plain({ status: 404, body: { error_msg: 'not found' } });
      if (name === 'plugins') return versioned(pluginSchema(id, query));
      return versioned(id === 'plugins' ? pluginSchema(rest[0], query) : schemaNamed(id));
    }
    return this.#resource(segments, request);
  }

  async #resource(segments: string[], request: AdminRequest): Promise<AdminAnswer> {
    const [name = '', id = '', ...rest] = segments;
    const ofConsumer = name === 'consumers' && rest[0] === 'credentials';
    const collection = ofConsumer ? 'credentials' : name;
    if (!isCollection(collection) || (collection === 'credentials' && !ofConsumer)) {
      return plain({ status: 404, body: { error_msg: `Unsupported resource type: ${name}` } });
    }
    const body = request.method === 'GET' ? { value: undefined } : await decoded(request);
    if ('refusal' in body) return plain(body.refusal);
    const [ownId = '', ...subPath] = ofConsumer ? rest.slice(1) : [id, ...rest];
    return versioned(
      await this.#operations.run({
        resource: RESOURCES[collection],
        method: request.method,
        id: ownId === '' ? undefined : ownId,
        owner: ofConsumer ? id : undefined,
        subPath: subPath.join('/'),
        query: request.query,
        body: body.value,
      }),
    );
  }

  async #validate(name: string, request: AdminRequest): Promise<AdminAnswer> {
    if (!isCollection(name)) {
      return plain({ status: 404, body: { error_msg: `Unsupported resource type: ${name}` } });
    }
    const body = await decoded(request);
    if ('refusal' in body) return plain(body.refusal);
    const error = validationError(RESOURCES[name].schema, body.value);
    return plain(error === undefined ? { status: 200 } : { status: 400, body: { error_msg: error } });
  }
}

const isCollection = (name: string): name is Collection => Object.hasOwn(RESOURCES, name);

async function decoded(request: AdminRequest): Promise<{ value: unknown } | { refusal: Answer }> {
  const read = await request.readBody();
  const invalid = (error: string, more: object = {}) => ({
    refusal: { status: 400, body: { error_msg: `invalid request body: ${error}`, ...more } },
  });
  if ('error' in read) return invalid(read.error);
  if (read.text === '') return { value: undefined };
  const json = decodeJson(read.text);
  return 'error' in json ? invalid(json.error, { req_body: read.text }) : json;
}

/** There are none of them, and there can be none. */
function lackingResource(what: string, method: AdminRequest['method'], id: string): Answer {
  if (method === 'GET' && id === '') return { status: 200, body: { total: 0, list: [] } };
  return method === 'GET' || method === 'DELETE' ? NOT_FOUND : refuse(unavailable(what));
}

function schemaNamed(name: string): Answer {
  const schema = Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined;
  if (schema !== undefined) return { status: 200, body: schema };
  const lacking = UNAVAILABLE_RESOURCES.get(`${name}s`);
  return refuse(`not found schema: ${name}${lacking === undefined ? '' : `: ${unavailable(lacking)}`}`);
}

/** Our plugins are part of the program; there is nothing to load anew. */
function reload(method: string): Answer {
  if (method === 'PUT') return { status: 200, body: 'done\n' };
  const error = `please use PUT method to reload the plugins, ${method} method is not allowed.`;
  return { status: 405, body: { error_msg: error } };
}
