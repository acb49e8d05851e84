/**
 * Who cannot read whom after a change. `backward`: who has the new contract refuses events of the old one, which may
 * still wait in queues. `forward`: who still has the old contract refuses events of the new one.
 */
export type Breaks = 'backward' | 'forward';

/** What has to hold between two versions of the contracts. */
export const COMPATIBILITIES = ['full', 'backward', 'forward'] as const;

/** One difference between two versions of a contract. */
export interface ContractChange {
  event: string;
  /** `messages[].role`; empty for the event as a whole. */
  field: string;
  what: string;
  /** Empty when both read each other as before. */
  breaks: Breaks[];
}
