export { correlated } from './correlated.ts';
export { durationSchema } from './duration.ts';
export type { Flow } from './flow.ts';
export { loadFlows } from './load.ts';
export { type RunFlowsOptions, runFlows } from './run.ts';
export type { FlowProgress } from './run-flow.ts';
export { type Subjects, subjectsOf } from './subjects.ts';
export { fill, knownNames, referencesIn } from './variables.ts';
