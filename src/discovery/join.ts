import type { Address } from '../model/discovery.ts';
import { socketKey } from './addresses.ts';
import type { Sighting } from './source.ts';

/** What all sources have seen of one thing that runs. */
export interface Candidate {
  sightings: Sighting[];
  /** Where it listens, the address that somebody claims first. */
  addresses: Address[];
  pid: number | undefined;
  container: string | undefined;
  /** What brought the sightings together. */
  joinedBy: string[];
  /** True when a listening socket was seen at its first address. */
  listens: boolean;
}

/**
 * Puts together what belongs together: by container, by listening address, by process, and only last, for a connection
 * to the broker whose process cannot be seen, by the name of its account. Each sighting ends up in exactly one
 * candidate, whatever the order.
 *
 * Claims come first: two claims at two addresses are two candidates, even where one process holds both ports.
 */
export function join(sightings: readonly Sighting[]): Candidate[] {
  const ordered = [...sightings].sort((a, b) => orderOf(a) - orderOf(b) || keyOf(a).localeCompare(keyOf(b)));
  const candidates: Candidate[] = [];
  const by = (find: (candidate: Candidate) => boolean) => candidates.filter(find);
  const open = (sighting: Sighting): Candidate => {
    const candidate: Candidate = {
      sightings: [],
      addresses: [],
      pid: undefined,
      container: undefined,
      joinedBy: [],
      listens: false,
    };
    candidates.push(candidate);
    add(candidate, sighting);
    return candidate;
  };

  for (const sighting of ordered) {
    const { address, container, pid } = sighting;
    const isAnchor = sighting.claim !== undefined || sighting.resource === true;
    const [sameContainer] = container === undefined ? [] : by((each) => each.container === container);
    const [sameSocket] = address === undefined ? [] : by((each) => listensAt(each, address));
    const samePid = pid === undefined ? [] : by((each) => each.pid === pid);
    if (sameSocket !== undefined && address !== undefined) {
      add(sameSocket, sighting, `port ${address.port}`);
    } else if (sameContainer !== undefined) {
      add(sameContainer, sighting, `container ${String(container).slice(0, 12)}`);
    } else if (isAnchor) {
      open(sighting);
    } else if (samePid.length > 0) {
      // Of several that one process runs, each has its own port; what is said of the process is said of the first.
      const [first] = samePid;
      if (first !== undefined) add(first, sighting, `pid ${pid}`);
    } else if (sighting.source === 'rabbitmq' && sighting.guess !== undefined) {
      const named = by((each) => each.sightings.some(({ claim }) => claim?.name === sighting.guess));
      const [first] = named;
      if (first === undefined) open(sighting);
      else add(first, sighting, `account of ${sighting.guess}`);
    } else {
      open(sighting);
    }
  }
  return candidates;
}

/** Claims, then what listens, then what runs, then what consumes: each may be joined with those before it. */
function orderOf({ claim, resource, source }: Sighting): number {
  if (claim !== undefined || resource === true) return source === 'stack' ? 0 : source === 'docker' ? 1 : 2;
  if (source === 'ports') return 3;
  return source === 'processes' ? 4 : 5;
}

/** Any order will do among equals, as long as it is always the same. */
function keyOf({ address, container, pid, found }: Sighting): string {
  const socket = address === undefined ? '' : `${socketKey(address)} ${address.host}`;
  return `${socket}\n${container ?? ''}\n${pid ?? ''}\n${found}`;
}

function listensAt({ addresses }: Candidate, address: Address): boolean {
  const key = socketKey(address);
  return addresses.some((each) => socketKey(each) === key);
}

function add(candidate: Candidate, sighting: Sighting, joinedBy?: string): void {
  const { address, pid, container, source } = sighting;
  candidate.sightings.push(sighting);
  if (address !== undefined && !listensAt(candidate, address)) candidate.addresses.push(address);
  candidate.pid ??= pid;
  candidate.container ??= container;
  if (source === 'ports' && address !== undefined) {
    const [first] = candidate.addresses;
    if (first !== undefined && socketKey(first) === socketKey(address)) candidate.listens = true;
  }
  if (joinedBy !== undefined && !candidate.joinedBy.includes(joinedBy)) candidate.joinedBy.push(joinedBy);
}
