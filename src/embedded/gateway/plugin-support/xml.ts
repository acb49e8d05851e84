const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Writes a value as XML: an element for each member, and one for each item of a list under the list's name. */
export function xmlOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((each) => xmlOf(name, each)).join('');
  const content =
    typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([member, each]) => xmlOf(member, each))
          .join('')
      : String(value ?? '').replace(/[&<>]/g, (each) => ESCAPES[each] ?? each);
  const tag = elementName(name);
  return `<${tag}>${content}</${tag}>`;
}

/** What cannot stand in a name becomes `_` (XML 1.0, 2.3). */
const elementName = (name: string): string => name.replace(/[^\w.-]/g, '_').replace(/^(?=[\d.-])|^$/, '_');
