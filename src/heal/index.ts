export { readAudit } from './audit.ts';
export { type HealOptions, heal } from './heal.ts';
export { type WatchOptions, watchAndHeal } from './watch.ts';
