import { ROUTE_METHODS } from '../../../model/gateway.ts';
import {
  description,
  host,
  hosts,
  id,
  labels,
  name,
  plugins,
  remoteAddress,
  timeout,
  timestamps,
} from './fields.ts';
import { upstream } from './upstream.ts';
import type { JsonSchema } from './validator.ts';

/**
 * The schemas of the Admin API's resources as APISIX 3.14 checks them
 * (https://apisix.apache.org/docs/apisix/admin-api/). Property order decides which mistake is reported first.
 */

const either = (one: string, many: string): JsonSchema => ({
  oneOf: [
    { not: { anyOf: [{ required: [one] }, { required: [many] }] } },
    { required: [one] },
    { required: [many] },
  ],
});

export const route: JsonSchema = {
  type: 'object',
  properties: {
    id,
    name,
    desc: description,
    labels,
    ...timestamps,
    uri: { type: 'string', minLength: 1, maxLength: 4096 },
    uris: { type: 'array', items: { type: 'string' }, minItems: 1, uniqueItems: true },
    priority: { type: 'integer', default: 0 },
    methods: { type: 'array', items: { type: 'string', enum: ROUTE_METHODS }, uniqueItems: true },
    host,
    hosts,
    remote_addr: remoteAddress,
    remote_addrs: { type: 'array', items: remoteAddress, minItems: 1, uniqueItems: true },
    timeout,
    vars: { type: 'array' },
    filter_func: { type: 'string', minLength: 10, pattern: '^function' },
    script: { type: 'string', minLength: 10, maxLength: 102400 },
    script_id: id,
    plugins,
    plugin_config_id: id,
    upstream,
    service_id: id,
    upstream_id: id,
    enable_websocket: { type: 'boolean' },
    status: { type: 'integer', enum: [1, 0], default: 1 },
  },
  allOf: [
    { oneOf: [{ required: ['uri'] }, { required: ['uris'] }] },
    either('host', 'hosts'),
    either('remote_addr', 'remote_addrs'),
  ],
  anyOf: [
    { required: ['plugins', 'uri'] },
    { required: ['upstream', 'uri'] },
    { required: ['upstream_id', 'uri'] },
    { required: ['service_id', 'uri'] },
    { required: ['plugins', 'uris'] },
    { required: ['upstream', 'uris'] },
    { required: ['upstream_id', 'uris'] },
    { required: ['service_id', 'uris'] },
    { required: ['script', 'uri'] },
    { required: ['script', 'uris'] },
  ],
  not: { anyOf: [{ required: ['script', 'plugins'] }, { required: ['script', 'plugin_config_id'] }] },
  additionalProperties: false,
};

export const service: JsonSchema = {
  type: 'object',
  properties: {
    id,
    name,
    desc: description,
    labels,
    ...timestamps,
    plugins,
    upstream,
    upstream_id: id,
    script: { type: 'string', minLength: 10, maxLength: 102400 },
    enable_websocket: { type: 'boolean' },
    hosts,
  },
  additionalProperties: false,
};

export const consumer: JsonSchema = {
  type: 'object',
  properties: {
    username: { type: 'string', minLength: 1, maxLength: 100, pattern: '^[a-zA-Z0-9_\\-]+$' },
    desc: description,
    labels,
    ...timestamps,
    group_id: id,
    plugins,
  },
  required: ['username'],
  additionalProperties: false,
};

export const credential: JsonSchema = {
  type: 'object',
  properties: {
    id,
    name,
    desc: description,
    labels,
    ...timestamps,
    plugins: { type: 'object', maxProperties: 1 },
  },
  additionalProperties: false,
};

export const globalRule: JsonSchema = {
  type: 'object',
  properties: { id, ...timestamps, plugins },
  required: ['id', 'plugins'],
  additionalProperties: false,
};

/** A named set of plugins that others refer to. */
const pluginSet = (named: JsonSchema): JsonSchema => ({
  type: 'object',
  properties: { id, name: named, desc: description, labels, ...timestamps, plugins },
  required: ['id', 'plugins'],
  additionalProperties: false,
});

/** Its name may be as long as it will, in APISIX too. */
export const pluginConfig: JsonSchema = pluginSet({ type: 'string' });
export const consumerGroup: JsonSchema = pluginSet(name);

/** What every plugin's configuration may carry besides the plugin's own fields. */
export const pluginMeta: JsonSchema = {
  type: 'object',
  properties: {
    priority: { description: 'priority of plugins by customized order', type: 'integer' },
    filter: {
      description: 'filter determines whether the plugin needs to be executed at runtime',
      type: 'array',
    },
    pre_function: {
      description:
        'function to be executed in each phase before execution of plugins. The pre_function will have access to two arguments: `conf` and `ctx`.',
      type: 'string',
    },
    disable: { type: 'boolean' },
    error_response: { oneOf: [{ type: 'string' }, { type: 'object' }] },
  },
  additionalProperties: false,
};

const pem: JsonSchema = {
  oneOf: [
    { type: 'string', minLength: 128, maxLength: 65536 },
    { type: 'string', pattern: '^\\$(secret|env|ENV)://' },
  ],
};

export const ssl: JsonSchema = {
  type: 'object',
  properties: {
    id,
    desc: description,
    labels,
    ...timestamps,
    cert: pem,
    key: pem,
    certs: { type: 'array', items: pem },
    keys: { type: 'array', items: pem },
    sni: host,
    snis: { type: 'array', items: host, minItems: 1 },
    type: { type: 'string', enum: ['server', 'client'], default: 'server' },
    client: {
      type: 'object',
      properties: {
        ca: { type: 'string', minLength: 128, maxLength: 65536 },
        depth: { type: 'integer', minimum: 0, default: 1 },
        skip_mtls_uri_regex: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string' } },
      },
      required: ['ca'],
    },
    status: { type: 'integer', enum: [1, 0], default: 1 },
    ssl_protocols: {
      type: 'array',
      maxItems: 3,
      uniqueItems: true,
      items: { enum: ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] },
    },
  },
  additionalProperties: false,
  if: { properties: { type: { enum: ['server'] } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { oneOf: [{ required: ['sni', 'key', 'cert'] }, { required: ['snis', 'key', 'cert'] }] },
  else: { required: ['key', 'cert'] },
};
