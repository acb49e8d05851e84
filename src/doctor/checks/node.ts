import { type Check, fail, pass } from '../check.ts';

/** `engines` of the package. */
const LEAST = [20, 19];

/** The Node that runs this very qbtc, and the services. */
export const node: Check = async () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = LEAST;
  const found = `Node ${process.versions.node} (${process.platform} ${process.arch})`;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
    ? pass(found)
    : fail(found, `install Node ${LEAST.join('.')} or newer`);
};
