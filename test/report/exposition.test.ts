import fc from 'fast-check';
import { expect, test } from 'vitest';
import { samplesIn } from '../../src/metrics/prometheus.ts';
import { exposition } from '../../src/report/exposition.ts';
import { documents } from './documents/index.ts';
import { createReporter } from './reporter.ts';

test('whatever a label holds is read back as it was', () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.integer());
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), value), { minLength: 1, maxLength: 5 }),
      (samples) => {
        const clean = samples.filter(([label]) => !/[\r\u2028\u2029\u0085]/.test(label));
        const text = exposition([
          {
            name: 'a_metric',
            help: 'About \\ it.\nTwo lines.',
            type: 'gauge',
            samples: clean.map(([label, each]) => ({ labels: { label }, value: each })),
          },
        ]);
        const read = clean.length === 0 ? [] : samplesIn(`${text}\n`);
        expect(read.map(({ labels, value: each }) => [labels.label, each])).toEqual(
          clean.map(([label, each]) => [label, Object.is(each, -0) ? 0 : each]),
        );
      },
    ),
  );
});

test('a score is a set of metrics', () => {
  const text = createReporter('prometheus', { width: 80, color: false, verbose: false })(documents.score);
  const samples = samplesIn(`${text}\n`);
  expect(samples).toContainEqual({ name: 'qbtc_score', labels: { stack: 'acme' }, value: 81.25 });
  expect(samples).toContainEqual({ name: 'qbtc_score_gate', labels: { stack: 'acme' }, value: 0 });
  expect(samples).toContainEqual({
    name: 'qbtc_score_gate_failure',
    labels: { stack: 'acme', kind: 'dead', subject: 'cache', state: 'crashed' },
    value: 1,
  });
  expect(samples).toContainEqual({
    name: 'qbtc_score_component',
    labels: { stack: 'acme', component: 'monitoring' },
    value: 2.5,
  });
});

test('the numbers of a stack are metrics, and what was not measured has none', () => {
  const text = createReporter('prometheus', { width: 80, color: false, verbose: false })(documents.metrics);
  const samples = samplesIn(`${text}\n`);
  const measured = samples.filter(({ name }) => name === 'qbtc_measured');
  const sourceOf = ({ source, resource }: Record<string, string>) =>
    resource === undefined ? source : `${source} ${resource}`;
  expect(Object.fromEntries(measured.map(({ labels, value }) => [sourceOf(labels), value]))).toEqual({
    machine: 1,
    services: 1,
    broker: 1,
    'cache cache': 1,
    'cache sessions': 1,
    'database orders': 1,
    'database reports': 0,
    gateway: 1,
  });
  const sizes = samples.filter(({ name }) => name === 'qbtc_database_size_bytes');
  expect(sizes.map(({ labels }) => labels.resource)).toEqual(['orders']);
  expect(samples).toContainEqual({
    name: 'qbtc_gateway_route_requests_total',
    labels: { stack: 'acme', route: 'acme-llm-chat', status: '503' },
    value: 3,
  });
});

test('a score in Markdown is a table that its texts cannot break', () => {
  const document = structuredClone(documents.score);
  const [gain] = document.score.gains;
  if (gain !== undefined) gain.why = 'a | b\n<script> *x*';
  const text = createReporter('markdown', { width: 80, color: false, verbose: false })(document);
  expect(text).toContain('## ❌ acme: 81.25 / 100.00 (B)');
  expect(text).toContain('| 11.25 | 92.50 | cache: a \\| b &lt;script> \\*x\\* | `qbtc up` |');
});
