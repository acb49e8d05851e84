import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metricFamilies, samplesIn } from '../../src/metrics/prometheus.ts';

test('reads what prom-client writes', () => {
  const text = `# HELP http_request_duration_seconds How long
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.005",route="/v1"} 3
http_request_duration_seconds_bucket{le="+Inf",route="/v1"} 4
http_request_duration_seconds_sum{route="/v1"} 0.0123
http_request_duration_seconds_count{route="/v1"} 4

# HELP process_cpu_seconds_total Total \\n of "it"
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.2e-3 1700000000000
# TYPE up gauge
up{path="a\\\\b",quote="\\"",line="\\n",} NaN
untyped_one{} +Inf
`;
  expect([...metricFamilies(text)]).toEqual([
    'http_request_duration_seconds',
    'process_cpu_seconds_total',
    'up',
    'untyped_one',
  ]);
});

test.each([
  ['<!doctype html>\n', 'line 1 is not of the Prometheus text format: <!doctype html>'],
  ['up 1\nup{a=1} 1\n', 'line 2'],
  ['up one\n', 'line 1'],
  ['up\n', 'line 1'],
  ['1up 1\n', 'line 1'],
  ['up{a="1" b="2"} 1\n', 'line 1'],
  ['# TYPE up nothing\n', 'line 1'],
  ['up 1', 'the last line does not end with a line feed'],
])('refuses %j', (text, reason) => {
  expect(() => metricFamilies(text)).toThrow(reason);
});

test('an empty page has no family', () => {
  expect(metricFamilies('').size).toBe(0);
});

test('any sample that is written by the rules is read', () => {
  const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,10}$/);
  const label = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,10}$/);
  const value = fc.oneof(
    fc
      .double({ noNaN: true })
      .map(String)
      .map((text) => text.replace('Infinity', 'Inf')),
    fc.constant('NaN'),
  );
  const escaped = (text: string) =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  fc.assert(
    fc.property(name, fc.dictionary(label, fc.string()), value, (metric, labels, number) => {
      const inside = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
      const line = `${metric}{${inside.join(',')}} ${number}\n`;
      expect([...metricFamilies(line)]).toEqual([metric]);
    }),
  );
});

describe('samples', () => {
  test('have their labels unescaped, and their value as a number', () => {
    const text = [
      '# TYPE a counter',
      'a{x="1",y="q\\"u\\\\o\\nte",} 3',
      'a{x="2"} +Inf 1700000000000',
      'b 0.5',
      '',
    ].join('\n');
    expect(samplesIn(text)).toEqual([
      { name: 'a', labels: { x: '1', y: 'q"u\\o\nte' }, value: 3 },
      { name: 'a', labels: { x: '2' }, value: Number.POSITIVE_INFINITY },
      { name: 'b', labels: {}, value: 0.5 },
    ]);
  });
});
