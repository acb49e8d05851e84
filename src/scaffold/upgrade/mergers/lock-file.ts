import { isRecord } from '../../../record.ts';
import { mergeJson } from '../merge-json.ts';
import type { Merger } from '../merger.ts';

/**
 * `package-lock.json`, package by package. Where both have another version people's stays: `npm install` puts right what
 * does not go together, and marks in it would keep npm from reading it.
 */
export const lockFile: Merger = {
  takes: (path) => path === 'package-lock.json',
  merge({ base = '{}', mine, theirs }) {
    try {
      const values = [base, mine, theirs].map(packagesAsValues);
      const { value } = mergeJson(...(values as [unknown, unknown, unknown]));
      const merged = value as { packages: Record<string, string> };
      const packages = Object.entries(merged.packages).map(([key, text]) => [key, JSON.parse(text)]);
      const text = JSON.stringify({ ...merged, packages: Object.fromEntries(packages) }, null, 2);
      return { text: `${text}\n`, conflicts: 0 };
    } catch {
      return undefined;
    }
  },
};

/** One package is one value: half of one version and half of another is none. */
function packagesAsValues(text: string): Record<string, unknown> {
  const lock: unknown = JSON.parse(text);
  if (!isRecord(lock)) throw new TypeError('a lock file holds an object');
  const packages = isRecord(lock.packages) ? lock.packages : {};
  const values = Object.entries(packages).map(([key, value]) => [key, JSON.stringify(value)]);
  return { ...lock, packages: Object.fromEntries(values) };
}
