export { readAudit } from './audit.ts';
export { type HealOptions, heal } from './heal.ts';
