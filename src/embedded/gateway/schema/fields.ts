import type { JsonSchema } from './validator.ts';

// What fields of several of the Admin API's resources may hold.

export const id: JsonSchema = {
  anyOf: [
    { type: 'string', minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-_.]+$' },
    { type: 'integer', minimum: 1 },
  ],
};
export const host: JsonSchema = { type: 'string', pattern: '^\\*?[0-9a-zA-Z-._\\[\\]:]+$' };
export const hosts: JsonSchema = { type: 'array', items: host, minItems: 1, uniqueItems: true };

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
export const name: JsonSchema = { type: 'string', minLength: 1, maxLength: 100 };
export const description: JsonSchema = { type: 'string', maxLength: 256 };
export const labels: JsonSchema = {
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
export const timeout: JsonSchema = {
  type: 'object',
  properties: {
    connect: { type: 'number', exclusiveMinimum: 0 },
    send: { type: 'number', exclusiveMinimum: 0 },
    read: { type: 'number', exclusiveMinimum: 0 },
  },
  required: ['connect', 'send', 'read'],
};
export const timestamps = { create_time: { type: 'integer' }, update_time: { type: 'integer' } };
export const plugins: JsonSchema = { type: 'object' };
