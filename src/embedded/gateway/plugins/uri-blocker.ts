import { compilePattern } from '../../../matching/pattern.ts';
import type { Plugin } from '../plugin.ts';
import { patternError } from '../plugin-support/pattern-error.ts';
import { statusError } from '../plugin-support/status-error.ts';

interface UriBlocker {
  block_rules: string[];
  rejected_code: number;
  rejected_msg?: string;
  case_insensitive: boolean;
}

/** Refuses requests in whose path, in its normal form, and query one of the patterns is found. */
export const uriBlocker: Plugin<UriBlocker> = {
  name: 'uri-blocker',
  version: 0.1,
  priority: 2900,
  schema: {
    type: 'object',
    properties: {
      block_rules: {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: 4096 },
        uniqueItems: true,
      },
      rejected_code: { type: 'integer', minimum: 200, default: 403 },
      rejected_msg: { type: 'string', minLength: 1 },
      case_insensitive: { type: 'boolean', default: false },
    },
    required: ['block_rules'],
  },
  check({ block_rules: rules, rejected_code: status }) {
    for (const rule of rules) {
      const error = patternError(rule);
      if (error !== undefined) return error;
    }
    return statusError('rejected_code', status);
  },
  compile({ block_rules: rules, rejected_code: status, rejected_msg: message, case_insensitive: either }) {
    const patterns = rules.map((rule) => compilePattern(rule, either ? 'i' : ''));
    const refusal = message === undefined ? { status } : { status, body: { error_msg: message } };
    return {
      rewrite(exchange) {
        const uri = exchange.variable('request_uri') ?? '';
        return patterns.some((each) => each.test(uri)) ? refusal : undefined;
      },
    };
  },
};
