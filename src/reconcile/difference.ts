import type { FieldChange } from '../model/plan.ts';
import { isRecord } from '../record.ts';

/** Says whether a field that is there but not declared is only a default that the far side filled in. */
export type Explains = (path: readonly string[], value: unknown) => boolean;

const nothingExplained: Explains = () => false;

/**
 * The fields in which what is there differs from what is declared: a declared one that is missing or different,
 * and one that is there undeclared, unless `explains` accounts for it. Empty objects and empty arrays are equal:
 * stores written in Lua cannot tell them apart.
 */
export function difference(
  declared: unknown,
  there: unknown,
  explains: Explains = nothingExplained,
  path: readonly string[] = [],
): FieldChange[] {
  if (isEmpty(declared) && isEmpty(there)) return [];
  if (Array.isArray(declared) && Array.isArray(there) && declared.length === there.length) {
    return declared.flatMap((item, index) =>
      difference(item, there[index], explains, [...path, String(index)]),
    );
  }
  if (isRecord(declared) && isRecord(there)) {
    return [...new Set([...Object.keys(declared), ...Object.keys(there)])].flatMap((name) => {
      const at = [...path, name];
      const [to, from] = [declared[name], there[name]];
      if (to === undefined && from === undefined) return [];
      if (to === undefined) return explains(at, from) ? [] : [{ path: at.join('.'), from }];
      if (from === undefined) return [{ path: at.join('.'), to }];
      return difference(to, from, explains, at);
    });
  }
  return declared === there ? [] : [{ path: path.join('.'), from: there, to: declared }];
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
