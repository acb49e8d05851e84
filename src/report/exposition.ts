import type { MetricFamily } from '../model/metrics.ts';

/**
 * The Prometheus text exposition format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Families without samples are left out. The last line
 * feed, which the format asks for, is the printer's.
 */
export function exposition(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${number(value)}`),
    ])
    .join('\n');
}

function labelsText(labels: Record<string, string>): string {
  const listed = Object.entries(labels).map(([name, value]) => `${name}="${labelValue(value)}"`);
  return listed.length === 0 ? '' : `{${listed.join(',')}}`;
}

function labelValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}
