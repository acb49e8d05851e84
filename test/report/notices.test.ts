import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QbtcError } from '../../src/errors.ts';
import type { Notice } from '../../src/report/notice.ts';
import { sarifLog } from '../../src/report/sarif.ts';
import { sarifMistakes } from '../support/sarif.ts';
import { documents } from './documents/index.ts';
import { createReporter } from './reporter.ts';

const options = {
  width: 80,
  color: false,
  verbose: false,
  version: '0.1.0',
  from: { cwd: '/repository/shop', repository: '/repository' },
};
interface Log {
  runs: {
    tool: { driver: { rules: { id: string }[] } };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: {
        physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
      }[];
      partialFingerprints: { primaryLocationLineHash: string };
      suppressions?: { justification: string }[];
    }[];
  }[];
}
const sarif = (document: Parameters<ReturnType<typeof createReporter>>[0]) =>
  JSON.parse(createReporter('sarif', options)(document)) as Log;
const quality = (document: Parameters<ReturnType<typeof createReporter>>[0]) =>
  JSON.parse(createReporter('code-quality', options)(document)) as Record<string, unknown>[];
const urisOf = (log: Log) =>
  log.runs.flatMap(({ results }) =>
    results.map(({ locations: [at] }) => at?.physicalLocation.artifactLocation.uri),
  );

describe.each(Object.entries(documents))('%s', (_kind, document) => {
  test('is valid SARIF', () => {
    expect(sarifMistakes(sarif(document))).toEqual([]);
  });

  test('names all that GitLab asks for', () => {
    for (const each of quality(document))
      expect(each).toEqual({
        description: expect.stringMatching(/./),
        check_name: expect.stringMatching(/./),
        fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
        severity: expect.stringMatching(/^(critical|minor)$/),
        location: { path: expect.stringMatching(/./), lines: { begin: expect.any(Number) } },
      });
  });
});

const word = fc.string({ unit: 'binary', minLength: 1 });
const notices = fc.array(
  fc.record<Notice>(
    {
      severity: fc.constantFrom('error', 'warning'),
      code: word,
      subject: word,
      message: word,
      title: word,
      place: fc.record(
        { file: word, line: fc.integer({ min: 1 }), column: fc.integer({ min: 1 }) },
        { requiredKeys: ['file'] },
      ),
      ignored: word,
    },
    { requiredKeys: ['severity', 'code', 'subject', 'message'] },
  ),
  { maxLength: 5 },
);

test('whatever is told is valid SARIF, and each result names its rule', () => {
  fc.assert(
    fc.property(notices, (told) => {
      const log = JSON.parse(JSON.stringify(sarifLog(told, options))) as Log;
      expect(sarifMistakes(log)).toEqual([]);
      for (const { tool, results } of log.runs)
        for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    }),
  );
});

test('files are named from the top of the repository, and what is outside of it whole', () => {
  const at = (file: string) => {
    const details = [`${file}:12:5 services.api.port: found "x", expected a port`];
    const error = new QbtcError('CONFIG_INVALID', 'a mistake', { details });
    return urisOf(sarif({ kind: 'error', error }))[0];
  };
  expect(at('qbtc.yaml')).toBe('shop/qbtc.yaml');
  expect(at('/repository/shop/services/api/service.yaml')).toBe('shop/services/api/service.yaml');
  expect(at('../other/a#b.yaml')).toBe('other/a%23b.yaml');
  expect(at('/elsewhere/qbtc.yaml')).toBe('file:///elsewhere/qbtc.yaml');
});

test('a lost check is shown where its subject is declared, and at the head of qbtc.yaml where nothing is', () => {
  const { score } = documents.score;
  const [component] = score.components;
  const [check] = component?.checks ?? [];
  if (component === undefined || check === undefined) throw new Error('no check');
  const place = { file: 'services/cache/service.yaml', line: 7, column: 3 };
  const checks = [
    { ...check, place },
    { ...check, subject: 'other', ignored: { reason: 'known', until: '2030-12-31' } },
  ];
  const document = { ...documents.score, score: { ...score, components: [{ ...component, checks }] } };
  const log = sarif(document);
  expect(urisOf(log)).toEqual(['shop/services/cache/service.yaml', 'shop/qbtc.yaml']);
  const results = log.runs[0]?.results ?? [];
  expect(results[0]).toMatchObject({
    ruleId: 'INFRA_RESOURCE_ACTIVE',
    level: 'error',
    message: { text: expect.stringMatching(/^cache: .*\(qbtc up\)$/) },
  });
  expect(results[1]).toMatchObject({ level: 'warning', suppressions: [{ justification: 'known' }] });
  expect(quality(document)).toEqual([
    expect.objectContaining({
      check_name: 'INFRA_RESOURCE_ACTIVE',
      severity: 'critical',
      location: { path: 'shop/services/cache/service.yaml', lines: { begin: 7 } },
    }),
  ]);
});

test('a result is known again when its line has moved and its reason is told in other words', () => {
  const print = (line: number, message: string) =>
    sarif({
      ...documents.findings,
      findings: [
        {
          code: 'duplicate-uri',
          severity: 'error',
          subject: 'route a',
          message,
          fix: '',
          place: { file: 'qbtc.yaml', line, column: 1 },
        },
      ],
    }).runs[0]?.results[0]?.partialFingerprints;
  expect(print(3, 'twice')).toEqual(print(9, 'two times'));
});
