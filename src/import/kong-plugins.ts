import { given, type KongConfig } from './kong-config.ts';

/** The plugin of APISIX that a plugin of Kong becomes. */
export interface Translated {
  name: string;
  config: Record<string, unknown>;
}

/** What a plugin may ask about the rest of the file. */
export interface Surroundings {
  /** The consumers that are in any of these groups now. */
  consumersIn(groups: readonly string[]): string[];
}

type Translate = (config: KongConfig, around: Surroundings) => Translated | undefined;

/** Each plugin whose fields have a counterpart that does the same; what a field does besides is told where it is read. */
export const TRANSLATIONS: Readonly<Record<string, Translate>> = {
  'rate-limiting': rateLimiting,
  cors,
  'key-auth': (config) => {
    const [name = 'apikey', ...others] = config.list('key_names');
    if (others.length > 0)
      config.lose('key_names', `key-auth looks for one name: ${others.join(', ')} is not looked at`);
    config.take('run_on_preflight');
    const [inHeader, inQuery] = [config.take('key_in_header'), config.take('key_in_query')];
    return {
      name: 'key-auth',
      config: given({
        header: inHeader === false ? undefined : name,
        query: inQuery === false ? undefined : name,
        ...common(config),
      }),
    };
  },
  'basic-auth': (config) => ({ name: 'basic-auth', config: common(config) }),
  jwt: (config) => {
    config.take('run_on_preflight');
    const claims = config.list('claims_to_verify').filter((claim) => claim !== 'exp' && claim !== 'nbf');
    if (claims.length > 0)
      config.lose('claims_to_verify', `jwt-auth looks at exp and nbf, not at ${claims.join(', ')}`);
    return {
      name: 'jwt-auth',
      config: given({
        header: config.list('header_names')[0] ?? 'authorization',
        query: config.list('uri_param_names')[0] ?? 'jwt',
        cookie: config.list('cookie_names')[0],
        key_claim_name: config.text('key_claim_name') ?? 'iss',
        ...common(config),
      }),
    };
  },
  acl: (config, { consumersIn }) => {
    const allowed = [...config.list('allow'), ...config.list('whitelist')];
    const denied = [...config.list('deny'), ...config.list('blacklist')];
    config.take('hide_groups_header');
    config.lose(
      '',
      'APISIX knows no groups of this kind: the consumers that are in them now are named',
      'consumer groups, and consumer-restriction by consumer_group_id',
    );
    return {
      name: 'consumer-restriction',
      config: given({
        type: 'consumer_name',
        whitelist: allowed.length === 0 ? undefined : consumersIn(allowed),
        blacklist: denied.length === 0 ? undefined : consumersIn(denied),
      }),
    };
  },
  'ip-restriction': (config) => {
    const allowed = [...config.list('allow'), ...config.list('whitelist')];
    const denied = [...config.list('deny'), ...config.list('blacklist')];
    return {
      name: 'ip-restriction',
      config: given({
        whitelist: allowed.length === 0 ? undefined : allowed,
        blacklist: denied.length === 0 ? undefined : denied,
        message: config.text('message'),
        response_code: config.number('status'),
      }),
    };
  },
  'request-size-limiting': (config) => {
    const unit =
      { bytes: 1, kilobytes: 1024, megabytes: 1024 * 1024 }[config.text('size_unit') ?? 'megabytes'] ??
      1024 * 1024;
    return {
      name: 'client-control',
      config: { max_body_size: (config.number('allowed_payload_size') ?? 128) * unit },
    };
  },
  'request-termination': (config) => {
    const message = config.text('message') ?? 'Service unavailable';
    const body = config.text('body') ?? JSON.stringify({ message });
    return {
      name: 'fault-injection',
      config: { abort: { http_status: config.number('status_code') ?? 503, body } },
    };
  },
  'correlation-id': (config) => {
    if (config.text('generator') !== 'uuid')
      config.lose('generator', 'request-id makes a UUID for each request', 'generator: uuid');
    return {
      name: 'request-id',
      config: {
        header_name: config.text('header_name') ?? 'Kong-Request-ID',
        include_in_response: config.take('echo_downstream') === true,
      },
    };
  },
  prometheus: () => ({ name: 'prometheus', config: {} }),
  'file-log': (config) => {
    config.take('reopen');
    return { name: 'file-logger', config: given({ path: config.text('path') }) };
  },
  'http-log': (config) => {
    const timeout = config.number('timeout');
    if (config.text('method') === 'POST') config.take('method');
    if (config.text('content_type')?.startsWith('application/json')) config.take('content_type');
    return {
      name: 'http-logger',
      config: given({
        uri: config.text('http_endpoint'),
        timeout: timeout === undefined ? undefined : Math.max(1, Math.round(timeout / 1000)),
      }),
    };
  },
  'tcp-log': (config) => ({
    name: 'tcp-logger',
    config: given({
      host: config.text('host'),
      port: config.number('port'),
      timeout: config.number('timeout'),
      tls: config.take('tls'),
    }),
  }),
  'udp-log': (config) => ({
    name: 'udp-logger',
    config: given({ host: config.text('host'), port: config.number('port') }),
  }),
};

/** What comes nearest to a plugin that does not go over. */
export const NEAREST: Readonly<Record<string, string>> = {
  'rate-limiting-advanced': 'limit-count',
  'response-ratelimiting': 'limit-count',
  'request-transformer': 'proxy-rewrite',
  'request-transformer-advanced': 'proxy-rewrite',
  'response-transformer': 'response-rewrite',
  'response-transformer-advanced': 'response-rewrite',
  'hmac-auth': 'hmac-auth',
  'ldap-auth': 'ldap-auth',
  'ldap-auth-advanced': 'ldap-auth',
  'openid-connect': 'openid-connect',
  oauth2: 'openid-connect',
  'key-auth-enc': 'key-auth',
  'mtls-auth': 'client certificates of ssls',
  'bot-detection': 'ua-restriction',
  'proxy-cache': 'proxy-cache',
  'proxy-cache-advanced': 'proxy-cache',
  'pre-function': 'serverless-pre-function',
  'post-function': 'serverless-post-function',
  'grpc-gateway': 'grpc-transcode',
  'grpc-web': 'grpc-web',
  'aws-lambda': 'aws-lambda',
  'azure-functions': 'azure-functions',
  opentelemetry: 'opentelemetry',
  zipkin: 'zipkin',
  datadog: 'datadog',
  loggly: 'loggly',
  syslog: 'syslog',
  'kafka-log': 'kafka-logger',
  statsd: 'prometheus',
  opa: 'opa',
  degraphql: 'degraphql',
  canary: 'traffic-split',
  'forward-proxy': 'proxy-mirror',
  'request-validator': 'request-validation',
  session: 'openid-connect',
  redirect: 'redirect',
};

function common(config: KongConfig): Record<string, unknown> {
  return given({
    hide_credentials: config.take('hide_credentials'),
    anonymous_consumer: config.text('anonymous'),
  });
}

const WINDOWS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  month: 2_592_000,
  year: 31_536_000,
};

function rateLimiting(config: KongConfig): Translated | undefined {
  const windows = Object.entries(WINDOWS).flatMap(([name, seconds]) => {
    const count = config.number(name);
    return count === undefined ? [] : [{ name, seconds, count }];
  });
  const [first, ...others] = windows;
  if (first === undefined) return undefined;
  for (const { name } of others)
    config.lose(name, `limit-count has one window: that of a ${first.name} is kept`);
  const by = config.text('limit_by') ?? 'consumer';
  const header = config.text('header_name')?.toLowerCase().replaceAll('-', '_');
  const keys: Record<string, string> = {
    consumer: 'consumer_name',
    credential: 'consumer_name',
    ip: 'remote_addr',
    header: `http_${header}`,
    path: 'uri',
  };
  const key = keys[by];
  if (key === undefined) config.lose('limit_by', 'all requests are counted together', 'key_type: constant');
  return {
    name: 'limit-count',
    config: given({
      count: first.count,
      time_window: first.seconds,
      ...(key === undefined ? { key_type: 'constant', key: by } : { key_type: 'var', key }),
      rejected_code: config.number('error_code') ?? 429,
      rejected_msg: config.text('error_message'),
      allow_degradation: config.take('fault_tolerant') !== false,
      ...(config.take('hide_client_headers') === true ? { show_limit_quota_header: false } : {}),
      ...counting(config),
    }),
  };
}

/** Where is counted: here, or in a Redis that several gateways share. */
function counting(config: KongConfig): Record<string, unknown> {
  const policy = config.text('policy') ?? 'local';
  const redis = config.part('redis');
  if (policy === 'redis') {
    return given({
      policy: 'redis',
      redis_host: redis.text('host') ?? config.text('redis_host'),
      redis_port: redis.number('port') ?? config.number('redis_port'),
      redis_username: redis.text('username') ?? config.text('redis_username'),
      redis_password: redis.text('password') ?? config.text('redis_password'),
      redis_database: redis.number('database') ?? config.number('redis_database'),
    });
  }
  if (policy === 'cluster')
    config.lose(
      'policy',
      'there is no database of the gateway to count in: each instance counts by itself',
      'policy: redis',
    );
  for (const name of ['redis_port', 'redis_timeout', 'redis_database', 'sync_rate']) config.take(name);
  return { policy: 'local' };
}

function cors(config: KongConfig): Translated {
  const origins = config.list('origins');
  const plain = origins.filter((origin) => /^(\*|https?:\/\/[\w.:-]+)$/.test(origin));
  const patterns = origins.filter((origin) => !plain.includes(origin));
  const any = plain.includes('*') || origins.length === 0;
  const credentials = config.take('credentials') === true;
  const listed = (name: string) => {
    const all = config.list(name);
    return all.length === 0 ? undefined : all.join(',');
  };
  return {
    name: 'cors',
    config: given({
      // With credentials a browser takes no star: the origin that asks is answered.
      allow_origins: any ? (credentials ? '**' : '*') : plain.length === 0 ? undefined : plain.join(','),
      allow_origins_by_regex: patterns.length === 0 ? undefined : patterns,
      allow_methods: listed('methods') ?? 'GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT',
      allow_headers: listed('headers') ?? '**',
      expose_headers: listed('exposed_headers'),
      max_age: config.number('max_age'),
      allow_credential: credentials || undefined,
    }),
  };
}
