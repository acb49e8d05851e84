const LABEL = String.raw`[a-zA-Z_]\w*[ \t]*=[ \t]*"(?:[^"\\]|\\[\\"n])*"[ \t]*`;
const SAMPLE = new RegExp(
  String.raw`^([a-zA-Z_:][\w:]*)[ \t]*(?:\{[ \t]*((?:${LABEL}(?:,[ \t]*${LABEL})*,?)?)[ \t]*\})?[ \t]*(?<=[ \t}])(\S+)(?:[ \t]+-?\d+)?[ \t]*$`,
);
const EACH_LABEL = /([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\[\\"n])*)"/g;
const VALUE = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|Inf|NaN)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/;
/** What a histogram and a summary add to the name of their family. */
const SUFFIX = /_(bucket|sum|count)$/;

/** One line of an exposition. */
export interface Sample {
  /** With its suffix, where it is a part of a histogram or a summary. */
  name: string;
  labels: Record<string, string>;
  value: number;
}

/**
 * The samples of the Prometheus text exposition format, version 0.0.4, read as strictly as Prometheus itself does.
 *
 * @throws Error naming the first line that is not of the format
 */
export function samplesIn(text: string): Sample[] {
  return linesIn(text).samples;
}

/**
 * @returns the names of the metric families that have at least one sample
 * @throws as `samplesIn`
 */
export function metricFamilies(text: string): Set<string> {
  const { samples, typed } = linesIn(text);
  return new Set(
    samples.map(({ name }) => {
      const base = name.replace(SUFFIX, '');
      return ['histogram', 'summary'].includes(typed.get(base) ?? '') ? base : name;
    }),
  );
}

function linesIn(text: string): { samples: Sample[]; typed: Map<string, string> } {
  const typed = new Map<string, string>();
  const samples: Sample[] = [];
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end with a line feed');
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    if (line.startsWith('#')) {
      const [, name, type] = TYPE.exec(line) ?? [];
      if (name !== undefined && type !== undefined) typed.set(name, type);
      else if (line.startsWith('# TYPE ')) throw new Error(notOfFormat(index, line));
      continue;
    }
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (name === undefined || value === undefined || !VALUE.test(value)) {
      throw new Error(notOfFormat(index, line));
    }
    samples.push({ name, labels: labelsIn(labels), value: Number(value.replace('Inf', 'Infinity')) });
  }
  return { samples, typed };
}

function labelsIn(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(EACH_LABEL)].map(([, name = '', value = '']) => [
      name,
      value.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    ]),
  );
}

function notOfFormat(index: number, line: string): string {
  const start = line.length > 60 ? `${line.slice(0, 59)}…` : line;
  return `line ${index + 1} is not of the Prometheus text format: ${start}`;
}
