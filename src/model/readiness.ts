/** The ways in which a service can show that it is ready. */
export const READINESS_KINDS = ['http', 'tcp', 'grpc', 'log', 'command', 'consumes', 'process'] as const;
export type ReadinessKind = (typeof READINESS_KINDS)[number];

/** How it is told that a service is ready, and that it still is. */
export type Readiness =
  /** Its health document; any status of 2xx is well where none are named. */
  | { kind: 'http'; path: string; status?: readonly number[] }
  /** Its port takes connections. */
  | { kind: 'tcp' }
  /** It serves, by the health protocol of gRPC; without a name the server as a whole. */
  | { kind: 'grpc'; service: string }
  /** It has written a line that the regular expression matches, since it was started. */
  | { kind: 'log'; pattern: string }
  /** A program ends with 0, run in the folder of the service with its environment. */
  | { kind: 'command'; command: [string, ...string[]] }
  /** The broker says that somebody consumes from the queue. */
  | { kind: 'consumes'; queue: string }
  /** Its process lives, and has done so for a moment. */
  | { kind: 'process' };

/** One kind of it. */
export type ReadinessOf<Kind extends ReadinessKind> = Extract<Readiness, { kind: Kind }>;
