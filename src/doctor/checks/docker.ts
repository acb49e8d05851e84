import { type Check, pass, warning } from '../check.ts';

/** Whether a Docker engine answers, and if not, why. */
export const docker: Check = async ({ engine }) => {
  const state = await engine;
  if (!state.reachable) return warning(state.reason, state.fix);
  const memory = (state.memoryBytes / 1024 ** 3).toFixed(1);
  return pass(
    `engine ${state.version} (API ${state.apiVersion}) at ${state.address}, ${memory} GiB of memory`,
  );
};
