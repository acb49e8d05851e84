import type { FoundRoute } from '../fact.ts';

/** What labels of Traefik say of a service; ours (`qbtc.port`, `qbtc.health`, `qbtc.path`) beside them. */
export interface FoundLabels {
  routes: FoundRoute[];
  port?: number;
  health?: string;
}

export function readLabels(labels: ReadonlyMap<string, string>): FoundLabels {
  const stripped = new Set<string>();
  for (const [key, value] of labels)
    if (/^traefik\.http\.middlewares\.[^.]+\.stripprefix\.prefixes$/i.test(key))
      for (const prefix of value.split(',')) stripped.add(prefix.trim());
  const routes: FoundRoute[] = [];
  for (const [key, value] of labels)
    if (/^traefik\.http\.routers\.[^.]+\.rule$/i.test(key)) routes.push(...routesOf(value, stripped));
  const own = labels.get('qbtc.path');
  if (own !== undefined) routes.push({ prefix: own });
  const port =
    labels.get('qbtc.port') ?? find(labels, /^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/i);
  const health = labels.get('qbtc.health') ?? find(labels, /\.loadbalancer\.healthcheck\.path$/i);
  return {
    routes,
    ...(port !== undefined && /^\d+$/.test(port) ? { port: Number(port) } : {}),
    ...(health?.startsWith('/') ? { health } : {}),
  };
}

/** Of a rule of Traefik the hosts and prefixes: ``Host(`a.example`) && PathPrefix(`/api`)``. */
function routesOf(rule: string, stripped: ReadonlySet<string>): FoundRoute[] {
  const all = (name: string) =>
    [...rule.matchAll(new RegExp(`\\b${name}\\(([^)]*)\\)`, 'g'))].flatMap(([, list = '']) =>
      [...list.matchAll(/[`'"]([^`'"]+)[`'"]/g)].map(([, value = '']) => value),
    );
  const hosts = all('Host');
  const prefixes = [...all('PathPrefix'), ...all('Path')];
  const perHost = hosts.length === 0 ? [undefined] : hosts;
  const perPrefix = prefixes.length === 0 ? [undefined] : prefixes;
  if (hosts.length === 0 && prefixes.length === 0) return [];
  return perHost.flatMap((host) =>
    perPrefix.map((prefix) => ({
      ...(host === undefined ? {} : { host }),
      ...(prefix === undefined ? {} : { prefix }),
      ...(prefix !== undefined && stripped.has(prefix) ? { strip: true } : {}),
    })),
  );
}

function find(labels: ReadonlyMap<string, string>, pattern: RegExp): string | undefined {
  for (const [key, value] of labels) if (pattern.test(key)) return value;
  return undefined;
}
