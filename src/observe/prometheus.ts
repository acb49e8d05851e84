const LABEL = String.raw`[a-zA-Z_]\w*[ \t]*=[ \t]*"(?:[^"\\]|\\[\\"n])*"[ \t]*`;
const SAMPLE = new RegExp(
  String.raw`^([a-zA-Z_:][\w:]*)[ \t]*(?:\{[ \t]*(?:${LABEL}(?:,[ \t]*${LABEL})*,?)?[ \t]*\})?[ \t]*(?<=[ \t}])(\S+)(?:[ \t]+-?\d+)?[ \t]*$`,
);
const VALUE = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|Inf|NaN)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/;
/** What a histogram and a summary add to the name of their family. */
const SUFFIX = /_(bucket|sum|count)$/;

/**
 * Reads the Prometheus text exposition format, version 0.0.4, as strictly as Prometheus itself does.
 *
 * @returns the names of the metric families that have at least one sample
 * @throws Error naming the first line that is not of the format
 */
export function metricFamilies(text: string): Set<string> {
  const typed = new Map<string, string>();
  const families = new Set<string>();
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end with a line feed');
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    if (line.startsWith('#')) {
      const [, name, type] = TYPE.exec(line) ?? [];
      if (name !== undefined && type !== undefined) typed.set(name, type);
      else if (line.startsWith('# TYPE ')) throw new Error(notOfFormat(index, line));
      continue;
    }
    const [, name, value] = SAMPLE.exec(line) ?? [];
    if (name === undefined || value === undefined || !VALUE.test(value)) {
      throw new Error(notOfFormat(index, line));
    }
    const base = name.replace(SUFFIX, '');
    const isPartOfBase = ['histogram', 'summary'].includes(typed.get(base) ?? '');
    families.add(isPartOfBase ? base : name);
  }
  return families;
}

function notOfFormat(index: number, line: string): string {
  const start = line.length > 60 ? `${line.slice(0, 59)}…` : line;
  return `line ${index + 1} is not of the Prometheus text format: ${start}`;
}
