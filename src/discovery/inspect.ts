import { HEALTH_PATH } from '../config/readiness.ts';
import { askHealth, type HealthAnswer, type Holder, holders, type RunningInstance } from '../health/index.ts';
import type { Address, Protocol } from '../model/discovery.ts';
import { mapConcurrently } from '../reconcile/map-concurrently.ts';
import { addressText, isLocal, reachable } from './addresses.ts';
import type { Candidate } from './join.ts';
import { askProtocol } from './protocol.ts';
import type { Answered, DiscoveryContext, Scope, Sighting } from './source.ts';

/** Most of the time is waiting for answers. */
const IN_FLIGHT = 32;

/** A candidate, and what it answered. */
export interface Inspected extends Candidate {
  /** The address that counts: the one that answers a health document, or else the one that is claimed. */
  address: Address | undefined;
  protocol: Protocol | undefined;
  health: HealthAnswer | undefined;
  /** Who holds the port of a declared service. */
  holder: Holder;
  /** How qbtc runs it, where it is declared here. */
  running: RunningInstance | undefined;
  /** Where the health document was asked for. */
  healthPath: string;
}

/** Asks every candidate at its addresses: the claimed ones for their health documents, the others what they speak. */
export function inspect(
  context: DiscoveryContext,
  scope: Scope,
  candidates: readonly Candidate[],
  { socketsKnown }: { socketsKnown: boolean },
): Promise<Inspected[]> {
  const holderOf = holders(context.host);
  return mapConcurrently(candidates, IN_FLIGHT, (candidate) =>
    inspectOne(context, scope, candidate, { socketsKnown, holderOf }),
  );
}

async function inspectOne(
  context: DiscoveryContext,
  scope: Scope,
  candidate: Candidate,
  { socketsKnown, holderOf }: { socketsKnown: boolean; holderOf: ReturnType<typeof holders> },
): Promise<Inspected> {
  const { portRange } = scope;
  const claim = candidate.sightings.find((sighting) => sighting.claim !== undefined)?.claim;
  const [address] = candidate.addresses;
  const healthPath = claimedHealth(candidate.sightings) ?? HEALTH_PATH;
  const running = runningAt(scope, candidate);
  const pid = candidate.pid ?? (typeof running?.runs === 'object' ? running.runs.pid : undefined);
  const holder: Holder = { whose: 'unrun' };
  const unasked = {
    ...{ ...candidate, pid, address, running, holder, healthPath },
    ...{ protocol: undefined, health: undefined },
  };
  if (address === undefined || (claim?.readiness !== undefined && running !== undefined)) {
    if (running === undefined) return unasked;
    const own = address === undefined ? holder : await holderOf(address.port, running.runs);
    return { ...unasked, holder: own };
  }
  const resource = candidate.sightings.find((sighting) => sighting.resource === true);
  if (claim === undefined || resource !== undefined)
    return inspectUnclaimed(context, scope, candidate, resource?.protocol);
  const isEnded = candidate.sightings.some(
    ({ condition }) => condition === 'stopped' || condition === 'crashed' || condition === 'restarting',
  );
  const inRange = address.port >= portRange.first && address.port <= portRange.last;
  // What the table of sockets does not hold need not be asked; an engine may publish ports without a socket.
  const mayListen = candidate.listens || running?.runs === 'container';
  const isAbsent = socketsKnown && inRange && isLocal(address.host) && !mayListen;
  if (isEnded || isAbsent) return unasked;
  if (candidate.sightings.some(({ protocol }) => protocol === 'amqp'))
    return { ...unasked, protocol: 'amqp' };
  const health = await askHealth(context, urlOf(address, healthPath));
  return {
    ...unasked,
    protocol: health.status === undefined ? undefined : 'http',
    health,
    holder: running === undefined ? holder : await holderOf(address.port, running.runs),
  };
}

/** How qbtc runs what is declared at the address of the candidate. */
function runningAt({ running }: Scope, { addresses, sightings }: Candidate): RunningInstance | undefined {
  const [address] = addresses;
  const own = sightings.flatMap(({ claim }) => (claim?.origin === 'declared' ? [claim] : []));
  if (address === undefined) return running.find(({ name }) => own.some(({ instance }) => instance === name));
  const names = own.map(({ name }) => name);
  const adopted = running.find(({ service, runs }) => runs === 'adopted' && names.includes(service));
  if (adopted !== undefined || !isLocal(address.host)) return adopted;
  return running.find(({ service, port }) => port === address.port && names.includes(service));
}

async function inspectUnclaimed(
  context: DiscoveryContext,
  { answered }: Scope,
  candidate: Candidate,
  expected: Protocol | undefined,
): Promise<Inspected> {
  const program = candidate.sightings.find((sighting) => sighting.program !== undefined)?.program;
  // What is declared is asked where it is declared, not at every port that its process holds.
  const asked = expected === undefined ? candidate.addresses : candidate.addresses.slice(0, 1);
  const answers = await Promise.all(
    asked.map(async (each): Promise<Answered> => {
      const address = reachable(each);
      const key = candidate.pid === undefined ? undefined : `${candidate.pid} ${addressText(address)}`;
      const before = key === undefined ? undefined : answered?.get(key);
      if (before !== undefined) return before;
      const protocol = await askProtocol(context, address, expected, program);
      // What the stack declares as a resource is asked for nothing more.
      const health =
        protocol === 'http' && expected === undefined
          ? await askHealth(context, urlOf(address, HEALTH_PATH))
          : undefined;
      // A service may be starting still; what is none stays what it is.
      if (key !== undefined && health?.identity === undefined)
        answered?.set(key, { address, protocol, health });
      return { address, protocol, health };
    }),
  );
  const best =
    answers.find(({ health }) => health?.identity !== undefined) ??
    answers.find(({ protocol }) => protocol === 'http') ??
    answers[0];
  return {
    ...candidate,
    address: best?.address,
    protocol: best?.protocol,
    health: best?.health,
    healthPath: HEALTH_PATH,
    holder: { whose: 'unrun' },
    running: undefined,
  };
}

function claimedHealth(sightings: readonly Sighting[]): string | undefined {
  return sightings.find(({ claim }) => claim?.health !== undefined)?.claim?.health;
}

function urlOf(address: Address, path: string): string {
  return `http://${addressText(reachable(address))}${path}`;
}
