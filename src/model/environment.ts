/** The variables that a service is run with, as far as they come from its stack. */
export interface ServiceEnvironment {
  stack: string;
  service: string;
  /** The replica that it is of. */
  instance: string;
  /** Inside a container resources are reached by other names. */
  runsIn: 'process' | 'container';
  variables: Record<string, string>;
}
