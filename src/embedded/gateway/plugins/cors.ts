import type { Plugin } from '../plugin.ts';

interface Cors {
  allow_origins: string;
  allow_methods: string;
  allow_headers: string;
  expose_headers?: string;
  max_age: number;
  allow_credential: boolean;
  allow_origins_by_regex?: string[];
  allow_origins_by_metadata?: string[];
  timing_allow_origins?: string;
}

const ORIGINS = '^(\\*|\\*\\*|null|\\w+://[^,]+(,\\w+://[^,]+)*)$';
const ALL_METHODS = 'GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE';

/** Cross-origin answers; preflight requests are answered here and never reach the upstream. */
export const cors: Plugin<Cors> = {
  name: 'cors',
  version: 0.1,
  priority: 4000,
  schema: {
    type: 'object',
    properties: {
      allow_origins: { type: 'string', pattern: ORIGINS, default: '*' },
      allow_methods: { type: 'string', default: '*' },
      allow_headers: { type: 'string', default: '*' },
      expose_headers: { type: 'string' },
      max_age: { type: 'integer', default: 5 },
      allow_credential: { type: 'boolean', default: false },
      allow_origins_by_regex: {
        type: 'array',
        items: { type: 'string', minLength: 1, maxLength: 4096 },
        minItems: 1,
        uniqueItems: true,
      },
    },
  },
  check(configuration) {
    const { allow_credential, allow_origins = '*', allow_methods = '*', allow_headers = '*' } = configuration;
    if (
      allow_credential &&
      [allow_origins, allow_methods, allow_headers, configuration.expose_headers].includes('*')
    ) {
      return "you can not set '*' for other option when 'allow_credential' is true";
    }
    for (const field of ['allow_origins_by_metadata', 'timing_allow_origins'] as const) {
      if (configuration[field] !== undefined) return `property "${field}" is not available in this gateway`;
    }
    for (const pattern of configuration.allow_origins_by_regex ?? []) {
      try {
        new RegExp(pattern);
      } catch (error) {
        return (error as Error).message;
      }
    }
    return undefined;
  },
  compile(configuration) {
    const list = configuration.allow_origins.includes(',')
      ? new Set(configuration.allow_origins.split(','))
      : undefined;
    const patterns = configuration.allow_origins_by_regex?.map((each) => new RegExp(each));
    const methods = configuration.allow_methods === '**' ? ALL_METHODS : configuration.allow_methods;

    function allowed(origin: string | undefined): string | undefined {
      if (patterns !== undefined) {
        return origin !== undefined && patterns.some((each) => each.test(origin)) ? origin : undefined;
      }
      if (list !== undefined) return origin !== undefined && list.has(origin) ? origin : undefined;
      return configuration.allow_origins === '**' ? (origin ?? '*') : configuration.allow_origins;
    }

    return {
      rewrite: (exchange) => (exchange.incoming.method === 'OPTIONS' ? { status: 200 } : undefined),
      headerFilter(exchange) {
        const headers = exchange.response?.headers;
        if (headers === undefined) return;
        const { origin, 'access-control-request-headers': asked } = exchange.incoming.headers;
        if (configuration.allow_origins !== '*') headers.add('Vary', 'Origin');
        const allow = allowed(origin);
        if (allow === undefined) return;
        headers.set('Access-Control-Allow-Origin', allow);
        headers.set('Access-Control-Allow-Methods', methods);
        headers.set('Access-Control-Max-Age', String(configuration.max_age));
        if (configuration.expose_headers) {
          headers.set('Access-Control-Expose-Headers', configuration.expose_headers);
        }
        if (configuration.allow_headers !== '**') {
          headers.set('Access-Control-Allow-Headers', configuration.allow_headers);
        } else if (typeof asked === 'string') {
          headers.set('Access-Control-Allow-Headers', asked);
        }
        if (configuration.allow_credential) headers.set('Access-Control-Allow-Credentials', 'true');
      },
    };
  },
};
