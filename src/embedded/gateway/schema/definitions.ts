import { ROUTE_METHODS } from '../../../model/gateway.ts';
import type { JsonSchema } from './validator.ts';

/**
 * The schemas of the Admin API's resources as APISIX 3.14 checks them
 * (https://apisix.apache.org/docs/apisix/admin-api/). Property order decides which mistake is reported first.
 */

export const id: JsonSchema = {
  anyOf: [
    { type: 'string', minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-_.]+$' },
    { type: 'integer', minimum: 1 },
  ],
};
export const host: JsonSchema = { type: 'string', pattern: '^\\*?[0-9a-zA-Z-._\\[\\]:]+$' };
const hosts: JsonSchema = { type: 'array', items: host, minItems: 1, uniqueItems: true };

const octet = '([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])';
export const remoteAddress: JsonSchema & { anyOf: JsonSchema[] } = {
  type: 'string',
  anyOf: [
    { title: 'IPv4', type: 'string', format: 'ipv4' },
    {
      title: 'IPv4/CIDR',
      type: 'string',
      pattern: `^${Array(4).fill(octet).join('\\.')}/([12]?[0-9]|3[0-2])$`,
    },
    { title: 'IPv6', type: 'string', format: 'ipv6' },
    {
      title: 'IPv6/CIDR',
      type: 'string',
      pattern: '^([a-fA-F0-9]{0,4}:){1,8}(:[a-fA-F0-9]{0,4}){0,8}([a-fA-F0-9]{0,4})?/[0-9]{1,3}$',
    },
  ],
};
const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 100 };
const description: JsonSchema = { type: 'string', maxLength: 256 };
const labels: JsonSchema = {
  description: 'key/value pairs to specify attributes',
  type: 'object',
  patternProperties: {
    '.*': {
      description: 'value of label',
      type: 'string',
      pattern: '^\\S+$',
      maxLength: 256,
      minLength: 1,
    },
  },
};
const timeout: JsonSchema = {
  type: 'object',
  properties: {
    connect: { type: 'number', exclusiveMinimum: 0 },
    send: { type: 'number', exclusiveMinimum: 0 },
    read: { type: 'number', exclusiveMinimum: 0 },
  },
  required: ['connect', 'send', 'read'],
};
const timestamps = { create_time: { type: 'integer' }, update_time: { type: 'integer' } };
const plugins: JsonSchema = { type: 'object' };

const CHECK_TYPES = ['http', 'https', 'tcp'];

const count = (minimum: number, byDefault: number): JsonSchema => ({
  type: 'integer',
  minimum,
  maximum: 254,
  default: byDefault,
});
const statuses = (byDefault: number[]): JsonSchema => ({
  type: 'array',
  minItems: 1,
  items: { type: 'integer', minimum: 200, maximum: 599 },
  uniqueItems: true,
  default: byDefault,
});
const interval: JsonSchema = { type: 'integer', minimum: 1, default: 1 };

const healthChecks: JsonSchema = {
  type: 'object',
  properties: {
    active: {
      type: 'object',
      properties: {
        type: { type: 'string', enum: CHECK_TYPES, default: 'http' },
        timeout: { type: 'number', default: 1 },
        concurrency: { type: 'integer', default: 10 },
        host,
        port: { type: 'integer', minimum: 1, maximum: 65535 },
        http_path: { type: 'string', default: '/' },
        https_verify_certificate: { type: 'boolean', default: true },
        healthy: {
          type: 'object',
          properties: { interval, http_statuses: statuses([200, 302]), successes: count(1, 2) },
        },
        unhealthy: {
          type: 'object',
          properties: {
            interval,
            http_statuses: statuses([429, 404, 500, 501, 502, 503, 504, 505]),
            http_failures: count(1, 5),
            tcp_failures: count(1, 2),
            timeouts: count(1, 3),
          },
        },
        req_headers: { type: 'array', minItems: 1, items: { type: 'string', uniqueItems: true } },
      },
    },
    passive: {
      type: 'object',
      properties: {
        type: { type: 'string', enum: CHECK_TYPES, default: 'http' },
        healthy: {
          type: 'object',
          properties: {
            http_statuses: statuses([
              200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308,
            ]),
            successes: count(0, 5),
          },
        },
        unhealthy: {
          type: 'object',
          properties: {
            http_statuses: statuses([429, 500, 503]),
            tcp_failures: count(0, 2),
            timeouts: count(0, 7),
            http_failures: count(0, 5),
          },
        },
      },
    },
  },
  anyOf: [{ required: ['active'] }, { required: ['active', 'passive'] }],
};

const nodes: JsonSchema = {
  anyOf: [
    { type: 'object', patternProperties: { '.*': { type: 'integer', minimum: 0 } } },
    {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          host,
          port: { type: 'integer', minimum: 1, maximum: 65535 },
          weight: { type: 'integer', minimum: 0 },
          priority: { type: 'integer', default: 0 },
          metadata: { type: 'object' },
        },
        required: ['host', 'weight'],
      },
    },
  ],
};

export const upstream: JsonSchema = {
  type: 'object',
  properties: {
    id,
    name,
    desc: description,
    labels,
    ...timestamps,
    nodes,
    retries: { type: 'integer', minimum: 0 },
    retry_timeout: { type: 'number', minimum: 0 },
    timeout,
    tls: {
      type: 'object',
      properties: {
        client_cert_id: id,
        client_cert: { type: 'string', minLength: 128, maxLength: 65536 },
        client_key: { type: 'string', minLength: 128, maxLength: 65536 },
        verify: { type: 'boolean', default: false },
      },
      dependencies: {
        client_cert: { required: ['client_key'] },
        client_key: { required: ['client_cert'] },
        client_cert_id: { not: { required: ['client_cert', 'client_key'] } },
      },
    },
    keepalive_pool: {
      type: 'object',
      properties: {
        size: { type: 'integer', default: 320, minimum: 1 },
        idle_timeout: { type: 'number', default: 60, minimum: 0 },
        requests: { type: 'integer', default: 1000, minimum: 1 },
      },
    },
    type: { type: 'string', default: 'roundrobin' },
    checks: healthChecks,
    hash_on: {
      type: 'string',
      default: 'vars',
      enum: ['vars', 'header', 'cookie', 'consumer', 'vars_combinations'],
    },
    key: { type: 'string' },
    scheme: { default: 'http', enum: ['grpc', 'grpcs', 'http', 'https', 'tcp', 'tls', 'udp', 'kafka'] },
    discovery_type: { type: 'string' },
    discovery_args: {
      type: 'object',
      properties: { namespace_id: { type: 'string' }, group_name: { type: 'string' } },
    },
    pass_host: { type: 'string', enum: ['pass', 'node', 'rewrite'], default: 'pass' },
    upstream_host: host,
    service_name: { type: 'string', maxLength: 256, minLength: 1 },
  },
  oneOf: [{ required: ['nodes'] }, { required: ['service_name', 'discovery_type'] }],
  additionalProperties: false,
};

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
