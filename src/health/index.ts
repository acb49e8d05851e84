export { askHealth, type HealthAnswer } from './ask.ts';
export { belongsTo, familyOf } from './family.ts';
export { type Holder, holders, holderText, type RunAs, type RunningInstance } from './holder.ts';
export { HEALTH_PATH, type HealthJudgement, judgeHealth, namesHealth } from './judge.ts';
