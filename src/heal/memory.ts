import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects what is not needed any more, now. A look leaves little behind, and V8 lets that grow to dozens of megabytes
 * before it collects: nothing to a command, much to a watch that runs for days.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  setFlagsFromString('--no-expose-gc');
}
