export { chooseProviders, type PlacementOptions } from './choose.ts';
export { isSupervised, leavingContainers, leavingProcesses } from './leaving.ts';
export { placed } from './placement.ts';
export {
  observeRunning,
  type RunningParts,
  runningProvider,
  withContainers,
} from './running-parts.ts';
export { nameStrategy } from './strategy.ts';
