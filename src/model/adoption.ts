import type { ResourceKind } from './resource.ts';

/** What `init` finds in a repository and makes of it, as commands, documents and agents see it. */

/** Something in the code or in a file that keeps a part of the repository from running as it is. */
export const OBSTACLE_CODES = [
  'address-in-code',
  'does-not-stay',
  'image-without-kind',
  'no-program',
  'not-installed',
  'not-built',
  'port-in-code',
  'port-taken',
  'second-of-kind',
  'value-needed',
  'vhost-in-code',
] as const;
export type ObstacleCode = (typeof OBSTACLE_CODES)[number];

/** `docker-compose.yml:12` as its parts; the file is relative to the folder of the stack. */
export interface Place {
  file: string;
  line: number;
}

export interface Obstacle {
  code: ObstacleCode;
  at: Place;
  /** The service or resource that it concerns. */
  of: string;
  /** What stands there: `listen(3000)`, `mongo:6`. Never a secret. */
  found: string;
  /** What to do about it. */
  fix: string;
}

/** Something that a file says and that `qbtc.yaml` has no counterpart for. */
export interface Loss {
  at: Place;
  /** `volumes`, `networks`; or the name of what was left out. */
  what: string;
  /** The services that it was said of. */
  of: string[];
  /** What holds instead. */
  instead: string;
}

/** What a service did when it was started once. */
export interface Seen {
  service: string;
  /** Those that its processes listened on. */
  ports: number[];
  /** What spoke HTTP: the status of `/`, and the paths that answered as they should. */
  http?: { port: number; top: number; health?: string; metrics?: string };
  /** The form of its log lines, where it is one that qbtc reads. */
  logs?: string;
  /** Why it did not stay. */
  ended?: string;
}

/** A file that `init` writes. */
export interface AdoptedFile {
  /** Relative to the folder of the stack. */
  path: string;
  text: string;
  /** Whether it was made, changed or found as it should be. */
  change: 'created' | 'updated' | 'unchanged';
}

export interface Adoption {
  name: string;
  dryRun: boolean;
  services: { name: string; at: Place; port?: number }[];
  resources: { name: string; at: Place; resource: ResourceKind }[];
  files: AdoptedFile[];
  /** Fields that people had changed and that were kept, where what init would write has changed, too. */
  kept: string[];
  /** What services did, where they were started. */
  seen: Seen[];
  obstacles: Obstacle[];
  losses: Loss[];
  /** What doctor would say against `up` on this machine. */
  doctor: { name: string; status: string; found: string; fix: string | null }[];
  next: { command: string; why: string }[];
}
