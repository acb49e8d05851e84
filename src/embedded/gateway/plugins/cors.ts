import { compilePattern } from '../../../matching/pattern.ts';
import type { Plugin } from '../plugin.ts';
import { patternError } from '../plugin-support/pattern-error.ts';

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
  timing_allow_origins_by_regex?: string[];
}

/** Gives the origin that is told to a request's: the same, one that may differ, `*`, or none. */
type Allowed = (origin: string | undefined) => string | undefined;

const ORIGINS = '^(\\*|\\*\\*|null|\\w+://[^,]+(,\\w+://[^,]+)*)$';
const ALL_METHODS = 'GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE';
/** What is sent as it is configured. */
const TEXTS = ['allow_origins', 'allow_methods', 'allow_headers', 'expose_headers', 'timing_allow_origins'];
const list = {
  type: 'array',
  items: { type: 'string', minLength: 1, maxLength: 4096 },
  minItems: 1,
  uniqueItems: true,
};

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
      allow_origins_by_regex: list,
      allow_origins_by_metadata: list,
      timing_allow_origins: { type: 'string', pattern: ORIGINS },
      timing_allow_origins_by_regex: list,
    },
  },
  metadataSchema: {
    type: 'object',
    properties: {
      allow_origins: { type: 'object', additionalProperties: { type: 'string', pattern: ORIGINS } },
    },
  },
  check(configuration) {
    const {
      allow_origins = '*',
      allow_methods = '*',
      allow_headers = '*',
      expose_headers = '',
    } = configuration;
    const told = [allow_origins, allow_methods, allow_headers, expose_headers];
    if (configuration.allow_credential && [...told, configuration.timing_allow_origins].includes('*')) {
      return "you can not set '*' for other option when 'allow_credential' is true";
    }
    const { allow_origins_by_regex: origins = [], timing_allow_origins_by_regex: timing = [] } =
      configuration;
    for (const pattern of [...origins, ...timing]) {
      const error = patternError(pattern);
      if (error !== undefined) return error;
    }
    return undefined;
  },
  fieldsOf: (configuration) =>
    TEXTS.map((name) => configuration[name])
      .filter((text) => typeof text === 'string')
      .map((text) => ['Access-Control-Allow-Origin', text]),
  compile(configuration, host) {
    const { allow_origins, allow_headers, expose_headers, allow_credential } = configuration;
    const { allow_origins_by_metadata: keys, timing_allow_origins: timing } = configuration;
    const methods = configuration.allow_methods === '**' ? ALL_METHODS : configuration.allow_methods;
    const byMetadata = (origin: string | undefined) => {
      const named = host.metadata('cors')?.allow_origins as Record<string, string> | undefined;
      const some = (keys ?? []).some((key) => {
        const origins = named !== undefined && Object.hasOwn(named, key) ? named[key] : undefined;
        return origins !== undefined && fits(origin, listed(origins)(origin));
      });
      return some ? origin : undefined;
    };
    const own = byPattern(configuration.allow_origins_by_regex) ?? listed(allow_origins);
    const timed =
      byPattern(configuration.timing_allow_origins_by_regex) ??
      (timing === undefined ? undefined : listed(timing));

    /** What metadata names comes first, and last where the rest does not fit; `*` beside it means nothing. */
    function allowed(origin: string | undefined): string | undefined {
      const named = keys === undefined ? undefined : byMetadata(origin);
      const asks = keys === undefined || (!fits(origin, named) && allow_origins !== '*');
      const told = asks ? own(origin) : named;
      return fits(origin, told) ? told : named;
    }

    return {
      rewrite: (exchange) => (exchange.client.method === 'OPTIONS' ? { status: 200 } : undefined),
      headerFilter(exchange) {
        const headers = exchange.response?.headers;
        if (headers === undefined) return;
        const origin = exchange.client.headers.get('origin');
        if (allow_origins !== '*') headers.add('Vary', 'Origin');
        const told = allowed(origin);
        if (told !== undefined) {
          headers.put('Access-Control-Allow-Origin', told);
          headers.put('Access-Control-Allow-Methods', methods);
          headers.put('Access-Control-Max-Age', String(configuration.max_age));
          if (expose_headers) headers.put('Access-Control-Expose-Headers', expose_headers);
          const asked = exchange.client.headers.get('access-control-request-headers') ?? '';
          headers.put('Access-Control-Allow-Headers', allow_headers === '**' ? asked : allow_headers);
          if (allow_credential) headers.put('Access-Control-Allow-Credentials', 'true');
        }
        const timedFor = timed?.(origin);
        if (timedFor !== undefined && fits(origin, timedFor)) headers.put('Timing-Allow-Origin', timedFor);
      },
    };
  },
};

const fits = (origin: string | undefined, told: string | undefined): boolean =>
  told === origin || told === '*';

/** `*`, `**` for whoever asks, one origin, or several with commas between them. */
function listed(origins: string): Allowed {
  if (origins === '**') return (origin) => origin ?? '*';
  if (!origins.includes(',')) return () => origins;
  const several = new Set(origins.split(','));
  return (origin) => (origin !== undefined && several.has(origin) ? origin : undefined);
}

function byPattern(sources: string[] | undefined): Allowed | undefined {
  const patterns = sources?.map((source) => compilePattern(source));
  return (
    patterns &&
    ((origin) => (origin !== undefined && patterns.some((each) => each.test(origin)) ? origin : undefined))
  );
}
