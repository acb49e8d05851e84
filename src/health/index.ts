export { askHealth, type HealthAnswer } from './ask.ts';
export { type HealthDetails, healthDetails } from './details.ts';
export { belongsTo, familyOf } from './family.ts';
export {
  type Holder,
  holders,
  holderText,
  isReachedHere,
  type RunAs,
  type RunningInstance,
  withOneTable,
} from './holder.ts';
export { type HealthJudgement, judgeHealth, namesHealth } from './judge.ts';
export type { AskedInstance, ReadinessContext } from './readiness.ts';
export { askReadiness } from './readiness-registry.ts';
