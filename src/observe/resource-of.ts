import type { Resource, ResourceKind } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';

/** The first resource of a kind. Throws where the stack declares none. */
export function resourceOf(stack: Stack, kind: ResourceKind): Resource {
  const resource = stack.resources.find((each) => each.kind === kind);
  if (resource === undefined) throw new Error(`the stack declares no resource of kind ${kind}`);
  return resource;
}
