export { readChoices, writeChoices } from './choices.ts';
export { checkDisk, createFolders, stackFolders } from './folders.ts';
export { isOurs, leavingProcesses } from './leaving.ts';
export { followLogs, type LogLine, logPositions, readLogs, readLogTail } from './logs.ts';
export { createDatabase, migrate } from './migrations.ts';
export { type InfrastructureObservation, observeResources } from './observe.ts';
export { foreignPlaces, removeVolumes } from './places.ts';
export type { ProbeResult } from './probe.ts';
export { probes } from './probes/index.ts';
export type { Provider } from './provider.ts';
export { type Awaited, untilReady } from './ready.ts';
export { type Instance, instancesOf, probeService, serviceProcess } from './service.ts';
export { type Choice, chooseProviders, type InfrastructurePlan, providers } from './strategy.ts';
export {
  attachSupervisor,
  connectSupervisor,
  type SupervisorClient,
  startSupervisor,
  supervisorProgram,
} from './supervision/client.ts';
export type { ProcessSpec, ProcessStatus } from './supervision/protocol.ts';
export { readState } from './supervision/state.ts';
