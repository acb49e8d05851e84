import { description, host, id, labels, name, timeout, timestamps } from './fields.ts';
import type { JsonSchema } from './validator.ts';

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
