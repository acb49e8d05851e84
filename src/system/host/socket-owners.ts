import { readdirSync, readlinkSync } from 'node:fs';

/** Where a process holds a socket. */
interface Holding {
  pid: number;
  /** Its descriptor, as a path below `/proc`. */
  descriptor: string;
}

/**
 * Whose the listening sockets are, for who asks again and again: a socket that is held where it was found before is not
 * looked for among the thousands of descriptors of all processes. What nobody was found for then (it is another user's) is
 * not looked for again.
 */
export function createListenerOwners(): (inodes: ReadonlySet<string>) => Map<string, number> {
  let known = new Map<string, Holding | undefined>();
  return (inodes) => {
    const isKnown = (inode: string) => {
      const holding = known.get(inode);
      return holding === undefined ? known.has(inode) : socketAt(holding.descriptor) === inode;
    };
    if (![...inodes].every(isKnown)) {
      const found = holdingsOf(inodes);
      known = new Map([...inodes].map((inode) => [inode, found.get(inode)]));
    }
    return pidsOf(new Map([...known].filter(([inode]) => inodes.has(inode))));
  };
}

/** Whose the sockets are now. */
export function ownersOf(inodes: ReadonlySet<string>): Map<string, number> {
  return pidsOf(holdingsOf(inodes));
}

function pidsOf(holdings: ReadonlyMap<string, Holding | undefined>): Map<string, number> {
  return new Map(
    [...holdings].flatMap(([inode, holding]) => (holding ? [[inode, holding.pid] as const] : [])),
  );
}

/** Read synchronously: there are thousands of descriptors, and a promise for each costs ten times what its link does. */
function holdingsOf(inodes: ReadonlySet<string>): Map<string, Holding> {
  const found = new Map<string, Holding>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const name of descriptorsOf(pid)) {
      const descriptor = `/proc/${pid}/fd/${name}`;
      const inode = socketAt(descriptor);
      if (inode !== undefined && inodes.has(inode)) found.set(inode, { pid: Number(pid), descriptor });
    }
  }
  return found;
}

/** None of another user's process, or of one that has just ended: its sockets stay without an owner. */
function descriptorsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

function socketAt(descriptor: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(descriptor))?.[1];
  } catch {
    return undefined;
  }
}
