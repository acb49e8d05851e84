import { createHash } from 'node:crypto';

/** The label that tells apart the containers of two stacks with one name. */
export const PLACE_LABEL = 'qbtc-place';

/** What stands in the label for the stack at `root`: it can be told without reading `qbtc.yaml`. */
export function placeOf(root: string): string {
  return createHash('sha256').update(root).digest('hex').slice(0, 12);
}

/** The compose project of a stack. */
export function composeProject(stackName: string, root: string): string {
  return `qbtc-${stackName}-${placeOf(root)}`;
}
