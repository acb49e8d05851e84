import { placeOfPath, readIdentity } from '../state/index.ts';

/** The label that tells apart the containers of two stacks with one name. */
export const PLACE_LABEL = 'qbtc-place';

/** What stands in the label for the stack at `root`, also after it was moved there: it needs no `qbtc.yaml`. */
export function placeOf(root: string): string {
  return readIdentity(root)?.place ?? placeOfPath(root);
}

/** The compose project of a stack. */
export function composeProject(stackName: string, root: string): string {
  return `qbtc-${stackName}-${placeOf(root)}`;
}
