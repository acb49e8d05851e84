export {
  attachSupervisor,
  connectSupervisor,
  type SupervisorClient,
  startSupervisor,
  supervisorProgram,
} from './client.ts';
export type { ProcessSpec, ProcessStatus } from './protocol.ts';
export { type ProcessRuntime, processPart, processRuntime } from './runtime.ts';
export { readState } from './state.ts';
