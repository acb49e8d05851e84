import { given, type KongConfig } from './kong-config.ts';

/** Kong's own default for a target. */
const TARGET_PORT = 8000;
const ALGORITHMS: Readonly<Record<string, string>> = {
  'round-robin': 'roundrobin',
  'consistent-hashing': 'chash',
  'least-connections': 'least_conn',
  latency: 'ewma',
};

/** Where a service of Kong is, read from its fields or its `url`. */
export interface KongAddress {
  scheme: string;
  host: string;
  port: number;
  /** Without a slash at its end. */
  path: string;
}

export function addressOf(service: KongConfig): KongAddress {
  const url = /^(\w+):\/\/([^/:]+)(?::(\d+))?(\/.*)?$/.exec(service.text('url') ?? '');
  const scheme = service.text('protocol') ?? url?.[1] ?? 'http';
  const isTls = scheme === 'https' || scheme === 'grpcs';
  const port = service.number('port') ?? Number(url?.[3] ?? (url === null ? 80 : isTls ? 443 : 80));
  const path = (service.text('path') ?? url?.[4] ?? '').replace(/\/+$/, '');
  return { scheme, host: service.text('host') ?? url?.[2] ?? '', port, path };
}

/** The upstream of a service: its own address, or the targets of the upstream that it names. */
export function upstreamFor(
  service: KongConfig,
  address: KongAddress,
  named: KongConfig | undefined,
): Record<string, unknown> {
  const timeouts = ['connect_timeout', 'write_timeout', 'read_timeout'].map((name) => service.number(name));
  const [connect = 60_000, send = 60_000, read = 60_000] = timeouts;
  const isTimed = timeouts.some((timeout) => timeout !== undefined);
  return given({
    type: 'roundrobin',
    scheme: address.scheme === 'http' ? undefined : address.scheme,
    nodes: { [`${address.host}:${address.port}`]: 1 },
    retries: service.number('retries'),
    timeout: isTimed ? { connect: connect / 1000, send: send / 1000, read: read / 1000 } : undefined,
    ...(named === undefined ? {} : balanced(named)),
  });
}

function balanced(upstream: KongConfig): Record<string, unknown> {
  upstream.take('name');
  upstream.take('id');
  upstream.take('slots');
  const algorithm = upstream.text('algorithm') ?? 'round-robin';
  const type = ALGORITHMS[algorithm];
  if (type === undefined) upstream.lose('algorithm', `APISIX has no ${algorithm}`, 'roundrobin');
  const nodes = Object.fromEntries(
    upstream.parts('targets').map((target) => {
      const address = target.text('target') ?? '';
      const weight = target.number('weight') ?? 100;
      target.take('id');
      target.loseRest('APISIX has no such field of a node');
      return [/:\d+$/.test(address) ? address : `${address}:${TARGET_PORT}`, weight];
    }),
  );
  const host = upstream.text('host_header');
  const found = given({
    type: type ?? 'roundrobin',
    ...(type === 'chash' ? hashing(upstream) : {}),
    nodes,
    ...(host === undefined ? {} : { pass_host: 'rewrite', upstream_host: host }),
    checks: checksOf(upstream.part('healthchecks')),
  });
  upstream.take('hash_fallback');
  upstream.take('hash_on_cookie_path');
  upstream.loseRest('APISIX has no such field of an upstream');
  return found;
}

function hashing(upstream: KongConfig): Record<string, unknown> {
  const on = upstream.text('hash_on') ?? 'none';
  const header = upstream.text('hash_on_header');
  const cookie = upstream.text('hash_on_cookie');
  if (on === 'header')
    return { hash_on: 'header', key: `http_${(header ?? '').toLowerCase().replaceAll('-', '_')}` };
  if (on === 'cookie') return { hash_on: 'cookie', key: `cookie_${cookie ?? ''}` };
  if (on === 'consumer') return { hash_on: 'consumer' };
  if (on === 'path') return { hash_on: 'vars', key: 'uri' };
  if (on !== 'ip') upstream.lose('hash_on', `APISIX cannot hash by ${on}: by the address`, 'hash_on: vars');
  return { hash_on: 'vars', key: 'remote_addr' };
}

/** Active checks alone, and those that are switched on: with an interval of 0 Kong asks nobody. */
function checksOf(checks: KongConfig): Record<string, unknown> | undefined {
  const active = checks.part('active');
  const [healthy, unhealthy] = [active.part('healthy'), active.part('unhealthy')];
  const [often, rarely] = [healthy.number('interval') ?? 0, unhealthy.number('interval') ?? 0];
  const passive = checks.part('passive').part('unhealthy');
  const counted = ['http_failures', 'tcp_failures', 'timeouts'].some(
    (name) => (passive.number(name) ?? 0) > 0,
  );
  if (counted)
    checks.lose(
      'passive',
      'it is left out: write it as APISIX has it',
      'checks.passive beside checks.active',
    );
  if (often === 0 && rarely === 0) return undefined;
  const numbers = (value: unknown) => (Array.isArray(value) && value.length > 0 ? value : undefined);
  const positive = (value: number | undefined) => (value === undefined || value < 1 ? undefined : value);
  return {
    active: given({
      type: active.text('type'),
      http_path: active.text('http_path'),
      timeout: active.number('timeout'),
      concurrency: active.number('concurrency'),
      healthy: given({
        interval: Math.max(often, 1),
        successes: positive(healthy.number('successes')),
        http_statuses: numbers(healthy.take('http_statuses')),
      }),
      unhealthy: given({
        interval: Math.max(rarely, 1),
        http_failures: positive(unhealthy.number('http_failures')),
        tcp_failures: positive(unhealthy.number('tcp_failures')),
        timeouts: positive(unhealthy.number('timeouts')),
        http_statuses: numbers(unhealthy.take('http_statuses')),
      }),
    }),
  };
}
