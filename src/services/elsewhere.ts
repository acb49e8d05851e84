import { portsOfInstance } from '../config/service-address.ts';
import type { Context } from '../context.ts';
import { belongsTo, type RunAs } from '../health/index.ts';
import type { Instance } from './service.ts';

/** The ports that a process of an instance, or one that it has started, listens on and that are none of the instance's. */
export async function listensElsewhere(
  { host }: Pick<Context, 'host'>,
  instance: Instance,
  runs: RunAs,
): Promise<number[]> {
  if (typeof runs !== 'object' || runs.pid === undefined || instance.port === undefined) return [];
  const leader = runs.pid;
  const own = new Set(portsOfInstance(instance));
  const sockets = await host.listeningSockets().catch(() => []);
  const found = await Promise.all(
    sockets.map(async ({ pid, port }) =>
      pid !== undefined && !own.has(port) && (await belongsTo(host, pid, leader)) ? [port] : [],
    ),
  );
  return [...new Set(found.flat())].sort((a, b) => a - b);
}

/** For people: `it listens on port 3000, not on 8000`. */
export function elsewhereText(ports: readonly number[], { port }: Instance): string {
  return `it listens on port ${ports.join(', ')}, not on ${port}`;
}

/** Why an instance is silent that listens on a port which is written in its code, and what helps. */
export async function whySilent(
  context: Pick<Context, 'host'>,
  instance: Instance,
  runs: RunAs,
): Promise<{ reason: string; hint: string } | undefined> {
  const ports = await listensElsewhere(context, instance, runs);
  const [only, ...more] = ports;
  if (only === undefined) return undefined;
  const { service, port } = instance;
  const declared =
    more.length === 0 ? `; or write port: ${only} for services.${service.name} in qbtc.yaml` : '';
  return {
    reason: elsewhereText(ports, instance),
    hint: `have it listen on PORT (${port}), or give it \${port} in its command${declared}`,
  };
}
