export type { ProcessSpec, ProcessStatus } from './protocol.ts';
export { type ProcessRuntime, processPart, processRuntime } from './runtime.ts';
