import { compilePattern } from '../../../matching/pattern.ts';
import type { Plugin } from '../plugin.ts';
import { patternError } from '../plugin-support/pattern-error.ts';

interface UaRestriction {
  bypass_missing: boolean;
  allowlist?: string[];
  denylist?: string[];
  message: string;
}

const list = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } };

/** Lets only some user agents through, or all but some; both lists hold patterns. */
export const uaRestriction: Plugin<UaRestriction> = {
  name: 'ua-restriction',
  version: 0.1,
  priority: 2999,
  schema: {
    type: 'object',
    properties: {
      bypass_missing: { type: 'boolean', default: false },
      allowlist: list,
      denylist: list,
      message: { type: 'string', minLength: 1, maxLength: 1024, default: 'Not allowed' },
    },
    oneOf: [{ required: ['allowlist'] }, { required: ['denylist'] }],
  },
  check({ allowlist = [], denylist = [] }) {
    return [...allowlist, ...denylist].map((each) => patternError(each)).find((error) => error !== undefined);
  },
  compile({ bypass_missing: bypasses, allowlist, denylist = [], message }) {
    const patterns = (allowlist ?? denylist).map((each) => compilePattern(each));
    const listed = (agent: string) => patterns.some((each) => each.test(agent.trim()));
    return {
      access(exchange) {
        const agents = exchange.request.headers.all('User-Agent');
        const some = agents.some(listed);
        const passes = agents.length === 0 ? bypasses : some === (allowlist !== undefined);
        return passes ? undefined : { status: 403, body: { message } };
      },
    };
  },
};
