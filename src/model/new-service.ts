/** What `qbtc add service` is asked with, and what it makes. */

/** `http`: answers requests. `consumer`: works on what it hears at the broker. `worker`: works by itself. */
export const SERVICE_KINDS = ['http', 'consumer', 'worker'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

export const SERVICE_LANGUAGES = ['ts', 'js', 'python'] as const;
export type ServiceLanguage = (typeof SERVICE_LANGUAGES)[number];

/**
 * What the code of a new service stands on: `runtime`, the packages that `qbtc new` has written; `plain`, what its language
 * brings and a client of the broker.
 */
export type ServiceBase = 'runtime' | 'plain';

/** A service that is added to a stack, or would be; plain data. */
export interface NewService {
  service: string;
  serviceKind: ServiceKind;
  language: ServiceLanguage;
  base: ServiceBase;
  /** As it is declared: without the port base. */
  port: number;
  /** Relative to the stack. */
  folder: string;
  /** What is made, and which files of the stack are changed for it. */
  files: { path: string; action: 'create' | 'change' }[];
}
