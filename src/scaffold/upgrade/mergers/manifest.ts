import { isRecord } from '../../../record.ts';
import { mergeJson } from '../merge-json.ts';
import type { Merger } from '../merger.ts';

/**
 * `package.json`, key by key: a package beside one whose version the template has raised is no conflict, and what comes of
 * it is JSON. What both have changed in another way is left to the lines, which show it.
 */
export const manifest: Merger = {
  takes: (path) => /(^|\/)package\.json$/.test(path),
  merge({ base, mine, theirs }) {
    if (base === undefined) return undefined;
    const values = [base, mine, theirs].map(parsed);
    if (!values.every(isRecord)) return undefined;
    const { value, conflicts } = mergeJson(...(values as [unknown, unknown, unknown]));
    if (conflicts.length > 0) return undefined;
    return { text: `${JSON.stringify(value, null, 2)}\n`, conflicts: 0 };
  },
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
