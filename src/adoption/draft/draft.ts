import type { Loss, Obstacle, Place } from '../../model/adoption.ts';
import type { ResourceKind } from '../../model/resource.ts';
import type { FoundRoute, Health, Said } from '../fact.ts';

/** A value of `qbtc.yaml` with where it comes from; `why` where it is another one than stands there. */
export interface Field<T> extends Said<T> {
  why?: string;
}

export interface DraftResource {
  name: Field<string>;
  kind: ResourceKind;
  port?: Field<number>;
  managementPort?: Field<number>;
  /** What the stack is called there, where that is not its own name. */
  user?: Field<string>;
  /** A reference to a variable: never one in the open. */
  password?: Field<string>;
  vhost?: Field<string>;
  database?: Field<string>;
  /** container: what it is made of. */
  container?: DraftContainer;
}

export interface DraftContainer {
  name: Field<string>;
  image: Field<string>;
  /** The port inside of it that `port` is. */
  containerPort: number;
  /** Further ones by name. */
  ports: Record<string, { inside: number; port: Field<number> }>;
  command?: Field<string[]>;
  entrypoint?: Field<string[]>;
  env: Record<string, Field<string>>;
  volumes: Field<string>[];
  health?: Field<string[]>;
  dependsOn: Field<string>[];
  user?: Field<string>;
  password?: Field<string>;
  database?: Field<string>;
  url: Field<string>;
  /** The program that runs it without Docker. */
  program?: string;
}

export interface DraftService {
  name: Field<string>;
  path: Field<string>;
  command: Field<string[]>;
  port?: Field<number>;
  /** Further ones by name. */
  ports: Record<string, Field<number>>;
  replicas?: Field<number>;
  health?: Field<Health>;
  /** The path of its metrics; none where the code has none. */
  metrics?: Field<string>;
  stopSignal?: Field<string>;
  stopTimeout?: Field<number>;
  dependsOn: Field<string>[];
  envFiles: Field<{ path: string; required: boolean }>[];
  env: Record<string, Field<string>>;
  routes: Field<FoundRoute>[];
  /** A path that a first GET is tried with, and whether any answer of a server will do. */
  firstRequest?: Field<string>;
  /** Queues that it takes messages from; `guess` where no definitions declare one. */
  consumes: Field<ConsumedQueue>[];
}

export interface ConsumedQueue {
  queue: string;
  /** Where its code asks for them. */
  asked: Place;
  json: boolean;
}

/** A stack as `init` would write it: each value with its place, and what could not be said. */
export interface Draft {
  name: string;
  resources: DraftResource[];
  services: DraftService[];
  secrets: Field<string>[];
  obstacles: Obstacle[];
  losses: Loss[];
  /** Documents that commands of their own take over. */
  imports: { form: 'rabbitmq' | 'apisix' | 'adc'; file: string }[];
}
