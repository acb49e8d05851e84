import type { ProviderName } from '../model/resource.ts';
import type { EmbeddedPart } from './embedded-part.ts';
import type { DeclaredProgram, NativePart } from './native-part.ts';
import type { Probe } from './probe.ts';
import type { Rotate } from './rotation.ts';

/** What qbtc does with one kind of resource; what it is stands in its `facts.ts`. */
export interface KindOfResource {
  probe: Probe;
  embedded: EmbeddedPart;
  /** `impossible`: why no program that is installed is run for a stack. */
  native: NativePart | DeclaredProgram | { impossible: string };
  /**
   * By who provides it, how the server is told a new password while it runs. Left out for one that reads it when it
   * starts: `up` starts it anew.
   */
  rotate: Partial<Record<ProviderName, Rotate>>;
}
