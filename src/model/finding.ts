import type { SourcePlace } from './gateway.ts';

/** One thing that a lint, a check or a validation found. */
export interface Finding {
  /** `duplicate-uri`, or `refused` for what the gateway would not take. */
  code: string;
  severity: 'error' | 'warning';
  /** `route acme-llm-chat` */
  subject: string;
  message: string;
  /** What would mend it; empty when the message says all. */
  fix: string;
  /** The known word that was most likely meant. */
  nearest?: string;
  /** Where it is written. */
  place?: SourcePlace;
}
