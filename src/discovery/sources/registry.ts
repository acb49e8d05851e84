import * as z from 'zod';
import type { RedisConnection } from '../../context.ts';
import type { Stack } from '../../model/stack.ts';
import { resourceOfKind } from '../../resources/facts.ts';
import { addressText, isLocal } from '../addresses.ts';
import { withCache } from '../registry-cache.ts';
import type { Sighting, Source } from '../source.ts';

/** How often a watch looks: nobody tells of a lease that ends. */
const LOOK_EVERY_MS = 2_000;

/**
 * What the runtime of the services writes (`packages/runtime/src/registry`): a hash whose fields are the instances, and a
 * key for each that expires, its lease.
 */
const leaseSchema = z.object({
  name: z.string(),
  instance: z.string(),
  version: z.string(),
  host: z.string(),
  port: z.number(),
  health: z.string(),
  weight: z.number(),
  status: z.string(),
  registered_at: z.string(),
});
type Lease = z.infer<typeof leaseSchema>;

/** The registry that the services of the stack share, in Redis: who holds a lease is there, as it says itself. */
export const registry: Source = {
  async absent(_, { stack }) {
    return resourceOfKind(stack, 'redis') === undefined
      ? 'the stack declares no cache that would hold it'
      : undefined;
  },
  async look(context, { stack }) {
    return withCache(context, stack, async (connection) => ({
      sightings: (await leases(connection, stack)).filter(isWithinReach).map(sightingOf),
    }));
  },
  watch(context, { stack }, { onReady, onChange }, signal) {
    return withCache(context, stack, async (connection) => {
      let known: string | undefined;
      for (;;) {
        const found = (await leases(connection, stack)).map(({ instance, version, weight, status }) => [
          instance,
          version,
          weight,
          status,
        ]);
        const now = JSON.stringify(found);
        if (known === undefined) onReady();
        else if (known !== now) onChange();
        known = now;
        await context.clock.sleep(LOOK_EVERY_MS, signal);
      }
    });
  },
};

async function leases(connection: RedisConnection, { name }: Stack): Promise<Lease[]> {
  const instances = textsOf(await connection.command('HKEYS', `${name}:registry:leases`)).sort();
  if (instances.length === 0) return [];
  const keys = instances.map((instance) => `${name}:registry:lease:${instance}`);
  const held = await connection.command('MGET', ...keys);
  return textsOf(held).flatMap((text) => {
    const lease = leaseSchema.safeParse(parsed(text));
    return lease.success ? [lease.data] : [];
  });
}

/** Inside Docker's network a host is the id of a container: the engine knows more of it. */
function isWithinReach({ host }: Lease): boolean {
  return isLocal(host) || !/^[0-9a-f]{12}$/.test(host);
}

function sightingOf({ name, instance, version, host, port, health, weight, registered_at }: Lease): Sighting {
  const address = { host, port };
  return {
    source: 'registry',
    found: `${instance} holds a lease of the registry for ${addressText(address)}`,
    address,
    claim: {
      name,
      origin: 'announced',
      kin: 'registry',
      since: Date.parse(registered_at) / 1000,
      instance,
      version,
      weight,
      health,
    },
  };
}

function textsOf(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.filter((each) => typeof each === 'string') : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
