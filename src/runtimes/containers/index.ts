export { type EngineState, engineState } from '../../docker/engine.ts';
export { composeServices, readComposeFile } from './compose-file.ts';
export { containedParts } from './contained-parts.ts';
export { findCompose } from './drivers/compose.ts';
export { openDriver } from './open-driver.ts';
export {
  type ComposeService,
  type ContainerRuntime,
  containerPart,
  containerRuntime,
  containersAt,
} from './runtime.ts';
export { openContainers } from './stamped.ts';
export { isAlive } from './status.ts';
