import type { ReportOptions } from './document-form.ts';
import { fingerprint, shownAt } from './noted.ts';
import type { Notice } from './notice.ts';

/**
 * A log of SARIF 2.1.0, as code scanning of GitHub and editors read it: a rule for each code, a result for each notice
 * (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
 */
export function sarifLog(notices: readonly Notice[], options: ReportOptions): object {
  const codes = [...new Set(notices.map(({ code }) => code))].sort();
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'qbtc',
            ...(options.version === undefined ? {} : { semanticVersion: options.version }),
            rules: codes.map((id) => ruleOf(id, notices.find(({ code }) => code === id)?.help)),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: notices.map((notice) => resultOf(notice, codes.indexOf(notice.code), options)),
      },
    ],
  };
}

/** What all notices with a code have in common, said in all the ways that GitHub insists on. */
function ruleOf(id: string, help = 'qbtc --help lists what qbtc looks at.'): object {
  const text = `${id.toLowerCase().replaceAll(/[_/-]+/g, ' ')}.`;
  return { id, shortDescription: { text }, fullDescription: { text }, help: { text: help } };
}

function resultOf(notice: Notice, ruleIndex: number, options: ReportOptions): object {
  const { code, severity, message, subject, ignored } = notice;
  const { file, line, column } = shownAt(notice, options);
  return {
    ruleId: code,
    ruleIndex,
    level: severity,
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: { startLine: line, startColumn: column },
        },
        logicalLocations: [{ fullyQualifiedName: subject }],
      },
    ],
    // GitHub knows a result again by the first, whatever its line is now.
    partialFingerprints: { primaryLocationLineHash: `${fingerprint(notice)}:1` },
    ...(ignored === undefined ? {} : { suppressions: [{ kind: 'external', justification: ignored }] }),
  };
}

/** A path as a URI; what is not below the repository is named whole. */
function uriOf(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/');
  if (path.startsWith('/')) return `file://${path}`;
  return path.replace(/^([A-Za-z])%3A\//, 'file:///$1:/');
}
