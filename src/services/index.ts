export { Bundles, inputsOfBundle } from './bundle.ts';
export { instancesByHand, noteByHand } from './by-hand.ts';
export { whySilent } from './elsewhere.ts';
export { containerEnvironment, writeEnvFiles, writeGenerated } from './env-files.ts';
export { judgeImages } from './images.ts';
export { outgoingPorts } from './outgoing.ts';
export { probeService } from './probe.ts';
export { runningInstances } from './running.ts';
export {
  environmentOf,
  type Instance,
  instancesOf,
  ownInstances,
  runBundled,
  serviceProcess,
} from './service.ts';
