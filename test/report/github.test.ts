import { describe, expect, test } from 'vitest';
import { QbtcError } from '../../src/errors.ts';
import type { Document } from '../../src/report/documents/index.ts';
import { documents } from './documents/index.ts';
import { createReporter } from './reporter.ts';

const github = createReporter('github', { width: 80, color: false, verbose: false });
const terminal = createReporter('terminal', { width: 80, color: false, verbose: false });
/** The workflow commands that stand before what a terminal shows. */
const annotations = (document: Document) => {
  const text = github(document);
  expect(text.endsWith(terminal(document))).toBe(true);
  return text.split('\n').filter((line) => line.startsWith('::'));
};

// https://docs.github.com/actions/reference/workflow-commands: `::error file={name},line={line},title={title}::{message}`
describe('every kind of finding is an annotation', () => {
  // The runner itself makes a path below its workspace relative to it.
  test('a flow that failed, at its file', () => {
    expect(annotations(documents.flows)).toEqual([
      expect.stringMatching(
        /^::error title=qbtc test llm-plain,file=\/stack\/flows\/llm-plain\.yaml::stopped at hop 3, quantum-core: q_llm_responses: try 10/,
      ),
    ]);
  });

  test('points that are lost, those that were not measured too', () => {
    expect(annotations(documents.score)).toEqual([
      expect.stringMatching(/^::error title=qbtc score INFRA_RESOURCE_ACTIVE -11\.25::cache: .*\(qbtc up\)$/),
    ]);
    const [component] = documents.score.score.components;
    const [check] = component?.checks ?? [];
    if (component === undefined || check === undefined) throw new Error('no check');
    const { fix: _, ...bare } = check;
    const ignored = { reason: 'known', until: '2030-12-31' };
    const checks = [
      { ...bare, status: 'not-measured' as const, evidence: 'nobody answers' },
      { ...bare, status: 'failed' as const, severity: 'critical' as const, evidence: 'is down', ignored },
    ];
    const score = { ...documents.score.score, components: [{ ...component, checks }] };
    expect(annotations({ ...documents.score, score })).toEqual([
      expect.stringMatching(/^::warning title=qbtc score \w+ not measured::.*nobody answers$/),
      expect.stringMatching(/^::warning title=qbtc score \w+ -[\d.]+::.*is down$/),
    ]);
  });

  test('a contract that breaks somebody, at its file; what breaks nobody is none', () => {
    const change = {
      event: 'llm_request',
      field: 'data.model',
      what: 'was removed',
      file: 'event-schemas/llm_request.json',
    };
    expect(
      annotations({
        kind: 'contract-diff',
        stack: 'acme',
        against: 'HEAD',
        changes: [
          { ...change, breaks: ['backward'] },
          { ...change, what: 'is new', breaks: [] },
        ],
      }),
    ).toEqual([
      '::error title=qbtc events diff%3A breaks backward compatibility,file=event-schemas/llm_request.json::llm_request data.model: was removed',
    ]);
  });

  test('what doctor finds', () => {
    expect(annotations(documents.doctor).length).toBeGreaterThan(0);
  });

  test('mistakes of a file, each at its place; an error without one as a whole', () => {
    const details = [
      'qbtc.yaml:12:5 services.api.port: found "x", expected a port',
      'qbtc.yaml:3:1 nme: unknown',
    ];
    expect(
      annotations({ kind: 'error', error: new QbtcError('CONFIG_INVALID', '2 mistakes', { details }) }),
    ).toEqual([
      '::error file=qbtc.yaml,line=12,col=5::services.api.port: found "x", expected a port',
      '::error file=qbtc.yaml,line=3,col=1::nme: unknown',
    ]);
    const error = new QbtcError('BROKER_UNREACHABLE', 'broker', {
      hint: 'qbtc up',
      cause: new Error('100% lost'),
    });
    expect(annotations({ kind: 'error', error })).toEqual([
      '::error title=qbtc BROKER_UNREACHABLE::broker: 100%25 lost%0Aqbtc up',
    ]);
  });
});
