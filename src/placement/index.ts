export { chooseProviders, type Wishes } from './choose.ts';
export { isOurs, leavingContainers, leavingProcesses } from './leaving.ts';
export { placed } from './placement.ts';
export { isAlive, lookAtPresent, type Present, presentProvider, withContainers } from './present.ts';
export { openRuntimes, type RuntimesContext, type StackRuntimes } from './runtimes.ts';
export { nameStrategy } from './strategy.ts';
