export { acceptLoss } from './accept-loss.ts';
export { bundleService, checkBundle } from './bundle.ts';
export { instancesByHand, noteByHand } from './by-hand.ts';
export { readChoices, writeChoices } from './choices.ts';
export { chooseProviders, type Wishes } from './choose.ts';
export type { ContainerDriver, ContainerStatus, Containers } from './containers/containers.ts';
export { openContainers, openDriver, readComposeFile } from './containers/index.ts';
export { compareDeclarations, type Declarations } from './declarations.ts';
export { writeEnvFiles, writeGenerated } from './env-files.ts';
export { type FallbackGateway, fallbackGateway, fallbackName } from './fallback.ts';
export { checkDisk, createFolders, stackFolders } from './folders.ts';
export { type Hold, hold, letGo, readHolds, refuseHeld } from './holds.ts';
export { judgeImages } from './images.ts';
export { isOurs, leavingContainers, leavingProcesses } from './leaving.ts';
export { readStartedLog } from './logs/files.ts';
export { createLogFilter, type LogFilter } from './logs/filter.ts';
export { LOG_LEVELS, type LogLevel } from './logs/line.ts';
export { containerLogLine, openLogs, type StackLogs } from './logs/stack-logs.ts';
export { readMigrations } from './migration-files.ts';
export { createDatabase, migrate } from './migrations.ts';
export { type InfrastructureObservation, observeResources, PATIENCE_MS } from './observe.ts';
export { outgoingPorts } from './outgoing.ts';
export { placed } from './placement.ts';
export { foreignPlaces, removeVolumes } from './places.ts';
export {
  isAlive,
  lookAtPresent,
  type Present,
  presentProvider,
  withContainers,
} from './present.ts';
export type { ProbeResult } from './probe.ts';
export { probes } from './probes/index.ts';
export type { Provider } from './provider.ts';
export { embeddedProgram } from './providers/embedded/program.ts';
export { providers } from './providers/index.ts';
export { type Awaited, untilReady } from './ready.ts';
export { ensureRoles } from './roles.ts';
export { rotatorOf } from './rotation/index.ts';
export { livingPid, runningInstances } from './running.ts';
export { type Instance, instancesOf, probeService, runBundled, serviceProcess } from './service.ts';
export {
  type Choice,
  type InfrastructurePlan,
  nameStrategy,
  type ServiceChoice,
} from './strategy.ts';
export {
  attachSupervisor,
  connectSupervisor,
  type SupervisorClient,
  startSupervisor,
  supervisorProgram,
} from './supervision/client.ts';
export type { ProcessSpec, ProcessStatus } from './supervision/protocol.ts';
export { readState } from './supervision/state.ts';
