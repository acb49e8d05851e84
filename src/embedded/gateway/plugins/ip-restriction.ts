import { addressList, containsAddress, ExpressionError } from '../../../matching/expression.ts';
import type { Plugin } from '../plugin.ts';
import { remoteAddress } from '../schema/fields.ts';

interface IpRestriction {
  message: string;
  response_code: number;
  whitelist?: string[];
  blacklist?: string[];
}

const addresses = { type: 'array', items: { anyOf: remoteAddress.anyOf }, minItems: 1 };

/** Lets only some addresses through, or all but some. */
export const ipRestriction: Plugin<IpRestriction> = {
  name: 'ip-restriction',
  version: 0.1,
  priority: 3000,
  schema: {
    type: 'object',
    properties: {
      message: { type: 'string', minLength: 1, maxLength: 1024, default: 'Your IP address is not allowed' },
      response_code: { type: 'integer', minimum: 403, maximum: 404, default: 403 },
      whitelist: addresses,
      blacklist: addresses,
    },
    oneOf: [{ required: ['whitelist'] }, { required: ['blacklist'] }],
  },
  check({ whitelist = [], blacklist = [] }) {
    try {
      addressList([...whitelist, ...blacklist]);
      return undefined;
    } catch (error) {
      if (error instanceof ExpressionError) return error.message;
      throw error;
    }
  },
  compile({ message, response_code: status, whitelist, blacklist }) {
    const list = addressList(whitelist ?? blacklist ?? []);
    const allowed = whitelist !== undefined;
    return {
      access: (exchange) =>
        containsAddress(list, exchange.remoteAddress) === allowed ? undefined : { status, body: { message } },
    };
  },
};
