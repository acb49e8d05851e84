import type { Context } from '../context.ts';
import { belongsTo, isReachedHere, type RunAs } from '../health/index.ts';
import type { Instance } from './service.ts';

/** Where an instance listens that should listen on its own port of 127.0.0.1. */
export interface Elsewhere {
  host: string;
  port: number;
}

/** Where the process of an instance, or one that it has started, listens in place of its port, or beside its ports. */
export async function listensElsewhere(
  { host }: Pick<Context, 'host'>,
  instance: Instance,
  runs: RunAs,
): Promise<Elsewhere[]> {
  if (typeof runs !== 'object' || runs.pid === undefined || instance.port === undefined) return [];
  const leader = runs.pid;
  const further = new Set(Object.values(instance.ports));
  const sockets = await host.listeningSockets().catch(() => []);
  const found = await Promise.all(
    sockets.map(async ({ pid, host: at, port }): Promise<Elsewhere[]> => {
      const isMeant = further.has(port) || (port === instance.port && isReachedHere(at));
      if (pid === undefined || isMeant || !(await belongsTo(host, pid, leader))) return [];
      return [{ host: at, port }];
    }),
  );
  return found.flat().sort((a, b) => a.port - b.port || a.host.localeCompare(b.host));
}

/** For people: `it listens on port 3000, not on 8000`. */
export function elsewhereText(places: readonly Elsewhere[], { port }: Pick<Instance, 'port'>): string {
  const named = places.map((place) => {
    const host = place.host.includes(':') ? `[${place.host}]` : place.host;
    return isReachedHere(place.host) ? String(place.port) : `${host}:${place.port}`;
  });
  return `it listens on port ${[...new Set(named)].join(', ')}, not on ${port}`;
}

/** Why an instance is silent that listens where its code says, and what helps. */
export async function whySilent(
  context: Pick<Context, 'host'>,
  instance: Instance,
  runs: RunAs,
): Promise<{ reason: string; hint: string } | undefined> {
  const places = await listensElsewhere(context, instance, runs);
  if (places.length === 0) return undefined;
  const { service, port } = instance;
  const reason = elsewhereText(places, instance);
  if (places.some((place) => place.port === port))
    return { reason, hint: 'have it listen on 127.0.0.1, which it gets as HOST' };
  const [only, ...more] = new Set(places.map((place) => place.port));
  const declared =
    more.length === 0 ? `; or write port: ${only} for services.${service.name} in qbtc.yaml` : '';
  return { reason, hint: `have it listen on PORT (${port}), or give it \${port} in its command${declared}` };
}
