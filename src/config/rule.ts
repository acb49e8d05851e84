import type { FieldPath, Mistake } from './mistake.ts';
import type { Outline } from './outline.ts';

/** Where a mistake is, what was found there, and what was expected. */
export type Report = (
  path: FieldPath,
  found: string,
  expected: string,
  /** `key`: the mistake is about the entry as a whole, so it stands at its key. */
  options?: { key?: boolean; near?: Mistake['nearest']; requires?: string },
) => void;

/** One thing that no single field can tell. */
export type Rule = (stack: Outline, report: Report) => void;
