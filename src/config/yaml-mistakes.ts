import { type Document, isScalar, visit, type YAMLError } from 'yaml';
import type { Mistake, Position } from './mistake.ts';

// What is wrong with the YAML of a file, whatever the file is about.

/** The marks that git leaves in a file with conflicts. Whatever else is wrong follows from them. */
export function mergeMarkers(text: string): Mistake[] | undefined {
  const lines = text.split(/\r?\n/);
  if (!lines.some((line) => /^<{7}( |$)/.test(line))) return undefined;
  const marks: Mistake[] = [];
  for (const [index, line] of lines.entries()) {
    const mark = /^(<{7}|\|{7}|={7}|>{7})( |$)/.exec(line)?.[1];
    if (mark === undefined) continue;
    marks.push({
      at: { line: index + 1, column: 1 },
      field: '',
      found: `the mark of a merge conflict "${mark}"`,
      expected: 'the conflict resolved',
    });
  }
  return marks;
}

/** What the parser says. */
export function syntaxMistakes(document: Document.Parsed, position: (offset: number) => Position): Mistake[] {
  const mistake = ({ pos }: YAMLError, found: string, expected: string): Mistake => ({
    at: position(pos[0]),
    field: '',
    found,
    expected,
  });
  // After a tab the parser is lost; what it says about the following lines is not news.
  const tabs = document.errors.filter(({ code }) => code === 'TAB_AS_INDENT');
  if (tabs.length > 0) return tabs.map((error) => mistake(error, 'a tab', 'spaces as indentation'));
  const errors = document.errors.map((error) =>
    error.code === 'MULTIPLE_DOCS'
      ? mistake(error, 'a second YAML document', 'one')
      : mistake(error, `no valid YAML (${error.message})`, 'valid YAML'),
  );
  const tags = document.warnings
    .filter(({ code }) => code === 'TAG_RESOLVE_FAILED')
    .map((warning) =>
      mistake(warning, warning.message.replace(/^Unresolved tag: /, 'the tag '), 'a value without a tag'),
    );
  return [...errors, ...tags];
}

/** Keys that a mapping has already. */
export function repeatedKeys(document: Document.Parsed, position: (offset: number) => Position): Mistake[] {
  const mistakes: Mistake[] = [];
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const at = position(key.range?.[0] ?? 0);
          const name = String(key.value);
          mistakes.push({
            at,
            field: name,
            found: `the key "${name}" a second time`,
            expected: 'each key once',
          });
        }
        seen.add(key.value);
      }
    },
  });
  return mistakes;
}
