export {
  attachSupervisor,
  connectSupervisor,
  type SupervisorClient,
  startSupervisor,
  supervisorProgram,
} from './client.ts';
export type { ProcessSpec, ProcessStatus } from './protocol.ts';
export { processRuntime } from './runtime.ts';
export { readState } from './state.ts';
