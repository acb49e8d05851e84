import type { Context } from '../../context.ts';
import { messageOf, QbtcError } from '../../errors.ts';
import type { Stack } from '../../model/stack.ts';
import { engineState, readComposeFile } from '../../runtimes/containers/index.ts';
import type { Offer, Provider } from '../provider.ts';

/** Addresses of an engine whose published ports are ports of this machine. */
const LOCAL_ENGINE = /^(unix:|npipe:|(?:tcp|https?):\/\/(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/])/;

/** The services of the stack's compose file, run by a Docker engine. */
export const docker: Provider = {
  name: 'docker',
  async offer(context, stack, resource) {
    if (resource.kind === 'process') return { available: false, reason: 'its command runs on this machine' };
    const refused = await unusable(context, stack);
    if (refused !== undefined) return refused;
    const service = (await readComposeFile(stack))?.services.get(resource.name);
    if (service === undefined) {
      return { available: false, reason: `${stack.composeFile} has no service named ${resource.name}` };
    }
    const reason =
      resource.kind === 'container'
        ? 'the Docker engine answers'
        : 'the Docker engine answers, and the compose file has it';
    return { available: true, reason, loss: '' };
  },
  composeService: ({ name }) => name,
};

async function unusable(context: Context, stack: Stack): Promise<Offer | undefined> {
  const state = await engineState(context);
  if (!state.reachable) return { available: false, reason: state.reason };
  if (!LOCAL_ENGINE.test(state.address)) {
    const reason = `the engine at ${state.address} is another machine: what it publishes is not on our ports`;
    return { available: false, reason };
  }
  try {
    const file = await readComposeFile(stack);
    return file === undefined ? { available: false, reason: `there is no ${stack.composeFile}` } : undefined;
  } catch (error) {
    // A compose file with a mistake is the user's to mend, not a reason to run something else in its place.
    if (error instanceof QbtcError) throw error;
    return { available: false, reason: messageOf(error) };
  }
}
