import { ROUTE_METHODS } from '../../../model/gateway.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';
import { statusError } from '../plugin-support/status-error.ts';

interface ConsumerRestriction {
  type: 'consumer_name' | 'consumer_group_id' | 'service_id' | 'route_id';
  blacklist?: string[];
  whitelist?: string[];
  allowed_by_methods?: { user?: string; methods?: string[] }[];
  rejected_code: number;
  rejected_msg?: string;
}

const names = { type: 'array', minItems: 1, items: { type: 'string' } };

const VALUES: Record<ConsumerRestriction['type'], (exchange: Exchange) => string | undefined> = {
  consumer_name: ({ consumer }) => consumer?.username,
  consumer_group_id: ({ consumer }) => consumer?.groupId,
  service_id: ({ route }) => route?.serviceId,
  route_id: ({ route }) => route?.id,
};

/** Lets only some consumers, groups, services or routes through, or all but some, or each with some methods. */
export const consumerRestriction: Plugin<ConsumerRestriction> = {
  name: 'consumer-restriction',
  version: 0.1,
  priority: 2400,
  schema: {
    type: 'object',
    properties: {
      type: {
        type: 'string',
        enum: ['consumer_name', 'service_id', 'route_id', 'consumer_group_id'],
        default: 'consumer_name',
      },
      blacklist: names,
      whitelist: names,
      allowed_by_methods: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            user: { type: 'string' },
            methods: { type: 'array', minItems: 1, items: { type: 'string', enum: ROUTE_METHODS } },
          },
        },
      },
      rejected_code: { type: 'integer', minimum: 200, default: 403 },
      rejected_msg: { type: 'string' },
    },
    anyOf: [{ required: ['blacklist'] }, { required: ['whitelist'] }, { required: ['allowed_by_methods'] }],
  },
  check: ({ rejected_code: status }) => statusError('rejected_code', status),
  compile(configuration) {
    const { type, blacklist = [], whitelist = [], allowed_by_methods: byMethods = [] } = configuration;
    const read = VALUES[type];
    const missing = `The request is rejected, please check the ${type} for this request`;
    const refusal = {
      status: configuration.rejected_code,
      body: { message: configuration.rejected_msg ?? `The ${type} is forbidden.` },
    };
    /** Who is not named may use all methods. */
    function mayUse(value: string, method: string): boolean {
      const rule = byMethods.find(({ user }) => user === value);
      return rule === undefined || (rule.methods ?? []).includes(method);
    }
    return {
      access(exchange) {
        const value = read(exchange);
        if (value === undefined) return { status: 401, body: { message: missing } };
        if (blacklist.includes(value)) return refusal;
        if (whitelist.includes(value)) return undefined;
        return whitelist.length > 0 || !mayUse(value, exchange.request.method) ? refusal : undefined;
      },
    };
  },
};
