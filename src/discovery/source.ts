import type { Context } from '../context.ts';

/** What discovery reaches of the world. */
export type DiscoveryContext = Pick<Context, 'host' | 'http' | 'interrupted'>;

/** Something that one source has seen: an address at which something may answer. */
export interface Sighting {
  source: string;
  host: string;
  port: number;
  pid?: number;
  /** What was seen, for people. */
  found: string;
}

/** One way to see what runs: a file in `sources/`, and a line in `source-registry.ts`. */
export interface Source {
  /** Why this source cannot see anything on this machine; `undefined` when it can. */
  absent(context: DiscoveryContext): Promise<string | undefined>;
  sightings(context: DiscoveryContext): Promise<Sighting[]>;
}
