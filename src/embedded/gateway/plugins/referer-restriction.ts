import type { Plugin } from '../plugin.ts';
import { host } from '../schema/fields.ts';

interface RefererRestriction {
  bypass_missing: boolean;
  whitelist?: string[];
  blacklist?: string[];
  message: string;
}

const hosts = { type: 'array', items: host, minItems: 1 };
/** As lua-resty-http takes a URI apart (`parse_uri`): the host ends where a port, a path or a query begins. */
const REFERER = /^(?:https?:)?\/\/([^[\]:/?]+|\[.+\])/;

/** Lets requests through only from pages of some hosts, or from all but some; `*.` stands for what is below a host. */
export const refererRestriction: Plugin<RefererRestriction> = {
  name: 'referer-restriction',
  version: 0.1,
  priority: 2990,
  schema: {
    type: 'object',
    properties: {
      bypass_missing: { type: 'boolean', default: false },
      whitelist: hosts,
      blacklist: hosts,
      message: { type: 'string', minLength: 1, maxLength: 1024, default: 'Your referer host is not allowed' },
    },
    oneOf: [{ required: ['whitelist'] }, { required: ['blacklist'] }],
  },
  compile({ bypass_missing: bypasses, whitelist, blacklist = [], message }) {
    const names = whitelist ?? blacklist;
    const exact = new Set(names);
    const suffixes = names.filter((each) => each.startsWith('*')).map((each) => each.slice(1));
    const listed = (name: string) => exact.has(name) || suffixes.some((each) => name.endsWith(each));
    return {
      access(exchange) {
        const name = REFERER.exec(exchange.request.headers.get('Referer') ?? '')?.[1];
        const passes = name === undefined ? bypasses : listed(name) === (whitelist !== undefined);
        return passes ? undefined : { status: 403, body: { message } };
      },
    };
  },
};
