import type { Loss, Obstacle, Place } from '../model/adoption.ts';

/** A value with the place that says so. `guess` where nobody says so, and it is only likely. */
export interface Said<T> {
  value: T;
  at: Place;
  guess?: true;
  /** It was seen when the service was started; `at` says what started it. */
  seen?: true;
}

/** What compose calls a service, in the terms of compose. */
export interface UnitFact {
  kind: 'unit';
  name: string;
  at: Place;
  /** The folder that its image is built in, relative to the repository; none where an image is taken as it is. */
  folder?: string;
  dockerfile?: string;
  image?: Said<string>;
  command?: Said<string[]>;
  /** The ports that it listens on inside, and those that they are reached by from outside. */
  ports: Said<{ inside: number; outside?: number }>[];
  health?: Said<Health>;
  dependsOn: Said<string>[];
  /** As written, references included. */
  env: Record<string, Said<string>>;
  envFiles: Said<{ path: string; required: boolean }>[];
  replicas?: Said<number>;
  stopSignal?: Said<string>;
  stopTimeout?: Said<number>;
  /** What is run in its container, as written; `command` above is what runs outside of one. */
  container?: {
    command?: Said<string[]>;
    entrypoint?: Said<string[]>;
    /** In the short form, paths relative to the repository. */
    volumes: Said<string>[];
    health?: Said<string[]>;
  };
  routes: Said<FoundRoute>[];
}

/** A way to tell that a service is ready. */
export type Health = { path: string } | { command: string[] } | { tcp: true };

export interface FoundRoute {
  host?: string;
  prefix?: string;
  /** Whether the prefix is taken off before the service sees the path. */
  strip?: boolean;
}

/** How something in a folder is started. */
export interface ProgramFact {
  kind: 'program';
  folder: string;
  /** What its own file calls it. */
  name: string;
  at: Place;
  command: Said<string[]>;
  /** Whether it is a service at all by this file alone; a script `start` of a library is not. */
  serves: boolean;
  /** Programs of one folder: that of the lowest number is taken. */
  rank: number;
  /** Programs of one group are the same one; those of several stand beside one another (the lines of a Procfile). */
  group: string;
  /** What has to be done before it can run, and whether that is so. */
  install?: { command: string; missing: boolean };
  /** What a build makes, and is not there: the command that builds it, where its file names one. */
  build?: { command?: string; makes: string };
  /** Scripts of package.json that run what only a build makes, and is not there. */
  unbuilt?: readonly string[];
}

/** What something in a folder says of the service there. */
export type HintFact =
  | { kind: 'port'; folder: string; port: Said<number>; rank: number; fixed: boolean }
  /** The variable that the service reads the port from that it listens on. */
  | { kind: 'reads-port'; folder: string; at: Place; variable: string }
  /** Programs that are installed beside the code: `python3`, `gunicorn` in `.venv/bin`. */
  | { kind: 'programs'; folder: string; at: Place; path: string; names: readonly string[] }
  | { kind: 'health'; folder: string; health: Said<Health>; rank: number }
  | { kind: 'metrics'; folder: string; at: Place }
  | { kind: 'uses'; folder: string; at: Place; what: string }
  /** A variable with an address as its default: `process.env.AMQP_URL || 'amqp://localhost'`. */
  | { kind: 'variable'; folder: string; name: string; value: Said<string>; rank: number }
  /** A file of variables that the service reads by itself. */
  | { kind: 'env-file'; folder: string; at: Place; path: string }
  /** The image that a Dockerfile ends in. */
  | { kind: 'base'; folder: string; at: Place; image: string }
  | { kind: 'address'; folder: string; at: Place; url: string }
  /** A queue that the code takes messages from; `''` where only the variable says which. `json`: it reads JSON. */
  | { kind: 'consumes'; folder: string; at: Place; queue: string; variable?: string; json: boolean };

/** Something that describes the system and is no code. */
export interface DocumentFact {
  kind: 'document';
  folder: string;
  at: Place;
  form: 'openapi' | 'rabbitmq' | 'apisix' | 'adc';
  /** Of OpenAPI: a path that a GET without parameters answers. */
  path?: string;
  /** Of RabbitMQ: the queues that it declares. */
  queues?: { name: string; at: Place }[];
}

export type Fact =
  | UnitFact
  | ProgramFact
  | HintFact
  | DocumentFact
  | ({ kind: 'obstacle' } & Omit<Obstacle, 'of'> & { of?: string; folder: string })
  | ({ kind: 'loss' } & Loss);

/** The repository as readers see it: without what is installed, built or generated. */
export interface Repository {
  /** Absolute. */
  root: string;
  /** Paths relative to the root with `/`, in their order. */
  files: readonly string[];
  has(path: string): boolean;
  /** `undefined` where there is no such file, it is larger than a mebibyte, or it is no text. */
  text(path: string): Promise<string | undefined>;
}

/**
 * Reads one kind of file. A file of `readers/` exports one; `readers.ts` names it. Facts have their places; what a reader
 * cannot read it says as a loss, never by throwing. It decides nothing: what facts of several readers come to is told in
 * `draft/`.
 */
export interface Reader {
  /** What it reads, in a word or two. */
  name: string;
  read(repository: Repository): Promise<Fact[]>;
}
