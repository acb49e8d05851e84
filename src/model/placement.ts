import type { ProviderName, Strategy } from './resource.ts';

/** An instance that runs by hand, and the process that listens for it. */
export interface ByHand {
  instance: string;
  pid: number;
}

/** Who provides a resource, why, and what is lost by it (empty: nothing). */
export interface Choice {
  resource: string;
  provider: ProviderName;
  reason: string;
  loss: string;
  /** Set while an embedded part does the work of a real one that was there before and is gone. */
  standsIn?: true;
}

/** Where a service of the stack runs, and why there. */
export interface ServiceChoice {
  service: string;
  /** `adopted`: somebody else runs it. */
  runs: 'process' | 'container' | 'adopted';
  reason: string;
  /** The instances that their user runs: they are waited for, and neither started nor ended. */
  byHand?: readonly ByHand[];
}

export interface InfrastructurePlan {
  strategy: Strategy;
  choices: Choice[];
  services: ServiceChoice[];
}
