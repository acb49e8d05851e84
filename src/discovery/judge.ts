import { HEALTH_PATH } from '../config/readiness.ts';
import { type HealthJudgement, holderText, judgeHealth, type RunningInstance } from '../health/index.ts';
import type {
  Address,
  Condition,
  Evidence,
  FoundInstance,
  FoundListener,
  Origin,
} from '../model/discovery.ts';
import { addressText } from './addresses.ts';
import { confidenceOf, type WEIGHTS } from './confidence.ts';
import type { Inspected } from './inspect.ts';
import { containerInstance } from './instance-id.ts';
import type { Claim } from './source.ts';

/** An instance with what decides about its service. */
export interface NamedInstance {
  name: string;
  origin: Origin;
  instance: FoundInstance;
  claims: Claim[];
  contradictions: string[];
  confidence: number;
  healthPath: string;
}

export interface Judged {
  named: NamedInstance[];
  others: FoundListener[];
}

/** Who each candidate is, and how it is. What nobody claims and what does not look like a service is told apart. */
export function judge(candidates: readonly Inspected[]): Judged {
  const named: NamedInstance[] = [];
  const others: FoundListener[] = [];
  for (const candidate of candidates) {
    const resource = candidate.sightings.find((sighting) => sighting.resource === true);
    const name = resource === undefined ? nameOf(candidate) : undefined;
    if (name !== undefined) named.push(judgeOne(candidate, name));
    else if (candidate.address !== undefined && (resource === undefined || candidate.listens))
      others.push(listenerOf(candidate, candidate.address, resource?.found));
  }
  return { named, others };
}

/**
 * The name that is claimed; of several the one as whom it answers, or else the first claim. Without a claim it is who it
 * says it is, or what its folder or its account at the broker is called, where something more than a port speaks for
 * it.
 */
function nameOf({ sightings, health, protocol }: Inspected): string | undefined {
  const claims = claimsOf({ sightings });
  const said = claims.find(({ name }) => name === health?.identity) ?? claims[0];
  if (said !== undefined) return said.name;
  if (health?.identity !== undefined) return health.identity;
  const consumer = sightings.find(({ source }) => source === 'rabbitmq');
  const process = sightings.find(({ source }) => source === 'processes');
  // A process alone is somebody's editor.
  if (consumer === undefined && (process === undefined || protocol !== 'http')) return undefined;
  return consumer?.guess ?? process?.guess;
}

function judgeOne(candidate: Inspected, name: string): NamedInstance {
  const { sightings, health } = candidate;
  const claims = claimsOf(candidate).sort((a, b) => Number(b.name === name) - Number(a.name === name));
  const claim = claims.find((each) => each.name === name);
  const judged = judgementOf(candidate, name, claim);
  const { condition, reason } = conditionOf(candidate, judged, claim);
  const contradictions = contradictionsOf(candidate, name, claims, judged);
  const evidence: Evidence[] = sightings.map(({ source, found }) => ({ source, found }));
  if (health !== undefined) evidence.push({ source: 'health', found: health.found });
  const sources: (keyof typeof WEIGHTS)[] = sightings.map(({ source }) => source);
  if (judged?.healthy === true || judged?.proof === 'name')
    sources.push(judged.proof === 'none' ? 'anonymous' : 'health');
  const { address, pid, container, joinedBy } = candidate;
  return {
    name,
    origin: claim?.origin ?? 'guessed',
    claims: claims.filter((each) => each.name === name),
    contradictions,
    confidence: confidenceOf(sources, { condition, contradicted: contradictions.length > 0 }),
    healthPath: candidate.healthPath,
    instance: {
      id: idOfInstance(candidate, claim),
      address,
      pid,
      container,
      version: health?.version ?? claim?.version,
      weight: claim?.weight ?? 1,
      condition,
      reason,
      evidence,
      joinedBy,
    },
  };
}

function claimsOf({ sightings }: Pick<Inspected, 'sightings'>): Claim[] {
  return sightings.flatMap(({ claim }) => (claim === undefined ? [] : [claim]));
}

function idOfInstance({ container, address, pid }: Inspected, claim: Claim | undefined): string {
  if (container !== undefined) return containerInstance(container);
  if (claim?.instance !== undefined && (claim.origin === 'announced' || address === undefined))
    return claim.instance;
  if (address !== undefined) return addressText(address);
  return `pid:${pid ?? 'unknown'}`;
}

/** `undefined` for what was not asked. */
function judgementOf(
  { health, holder, address }: Inspected,
  name: string,
  claim: Claim | undefined,
): HealthJudgement | undefined {
  if (health === undefined) return undefined;
  const pathIsNamed =
    claim?.health !== undefined && (claim.origin === 'labelled' || claim.health !== HEALTH_PATH);
  return judgeHealth(health, { name, port: address?.port ?? 0, holder, pathIsNamed });
}

function conditionOf(
  candidate: Inspected,
  judged: HealthJudgement | undefined,
  claim: Claim | undefined,
): { condition: Condition; reason: string } {
  const { sightings, health, address, protocol, listens } = candidate;
  const told = sightings.find(({ condition }) => condition !== undefined);
  // A container that is starting and answers already is there; its engine only has not asked yet.
  if (told?.condition !== undefined && told.condition !== 'starting')
    return { condition: told.condition, reason: told.reason ?? '' };
  if (claim?.refused !== undefined && address === undefined)
    return { condition: 'unknown', reason: claim.refused };
  if (candidate.running !== undefined && (address === undefined || claim?.readiness !== undefined))
    return asItRuns(candidate, candidate.running);
  if (address === undefined || protocol === 'amqp') return { condition: 'unknown', reason: '' };
  if (judged === undefined)
    return protocol === undefined ? silent(candidate, address) : { condition: 'unknown', reason: '' };
  if (judged.healthy) return { condition: 'healthy', reason: '' };
  if (told?.condition === 'starting') return { condition: 'starting', reason: told.reason ?? judged.reason };
  if (judged.problem === 'silent' && health?.refused === true && !listens) return silent(candidate, address);
  return { condition: isStarting(candidate) ? 'starting' : 'unhealthy', reason: judged.reason };
}

/** Nothing listens where it should: of what runs that is another matter than of what does not. */
function silent(candidate: Inspected, { port }: Address): { condition: Condition; reason: string } {
  const nobody = `nothing listens on port ${port}`;
  const { runs, ended } = candidate.running ?? {};
  if (ended !== undefined) return ended;
  if (typeof runs !== 'object') return { condition: 'absent', reason: nobody };
  const condition = isStarting(candidate) ? 'starting' : 'unhealthy';
  return { condition, reason: `it runs (pid ${runs.pid}), but ${nobody}` };
}

/** What shows its readiness otherwise than by a document: who runs it knows whether it has been ready. */
function asItRuns(
  candidate: Inspected,
  { runs, isReady, ended }: RunningInstance,
): { condition: Condition; reason: string } {
  const { address, holder, listens } = candidate;
  if (ended !== undefined) return ended;
  if (runs === undefined) return { condition: 'absent', reason: 'qbtc does not run it' };
  // What is adopted may be anywhere, and an engine may publish a port without a socket.
  if (address !== undefined && typeof runs === 'object' && !listens) return silent(candidate, address);
  if (address !== undefined && holder.whose === 'another')
    return { condition: 'unhealthy', reason: `port ${address.port} is held by ${holderText(holder)}` };
  return isReady
    ? { condition: 'healthy', reason: '' }
    : { condition: 'starting', reason: 'it has not been ready yet' };
}

/** A process of ours that has not been ready yet. */
function isStarting({ running }: Inspected): boolean {
  return typeof running?.runs === 'object' && !running.isReady;
}

/** What one source says and another denies, both named. */
function contradictionsOf(
  { health, sightings }: Inspected,
  name: string,
  claims: readonly Claim[],
  judged: HealthJudgement | undefined,
): string[] {
  const found: string[] = [];
  const rival = claims.find((each) => each.name !== name);
  if (rival !== undefined) {
    const says = (wanted: string) =>
      sightings.find(({ claim }) => claim?.name === wanted)?.found ?? `it is ${wanted}`;
    found.push(`${says(name)}, but: ${says(rival.name)}`);
  }
  // What qbtc runs may call itself as it likes.
  if (health?.identity !== undefined && health.identity !== name && judged?.proof === 'none')
    found.push(`it is called ${name}, but answers as ${health.identity}`);
  const told = sightings.find(({ condition }) => condition === 'unhealthy');
  if (told !== undefined && judged?.healthy === true)
    found.push(`its health document answers ${health?.status}, but ${told.reason}`);
  const versions = new Set(
    [health?.version, ...claims.map(({ version }) => version)].filter((each) => each !== undefined),
  );
  if (versions.size > 1) found.push(`its version is ${[...versions].join(', but also ')}`);
  return found;
}

function listenerOf(candidate: Inspected, address: Address, resource: string | undefined): FoundListener {
  const { sightings, pid, protocol = 'other' } = candidate;
  const program = sightings.find((sighting) => sighting.program !== undefined)?.program;
  const text = resource ?? sightings[0]?.found ?? '';
  return {
    address,
    pid,
    program,
    protocol,
    found: text,
  };
}
