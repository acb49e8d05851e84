import type { ReportOptions } from '../../src/report/document-form.ts';
import { DOCUMENTS } from '../../src/report/documents/index.ts';
import {
  type Document,
  type DocumentKind,
  loadReporter,
  REPORTER_NAMES,
  type Reporter,
  type ReporterName,
} from '../../src/report/index.ts';

const KINDS = Object.keys(DOCUMENTS) as DocumentKind[];
/** Each of them is loaded: that all can be is a test of its own. */
const LOADED = new Map(
  await Promise.all(
    REPORTER_NAMES.flatMap((name) =>
      KINDS.map(async (kind) => [`${name} ${kind}`, await loadReporter(name, kind)] as const),
    ),
  ),
);

/** A reporter for documents of any kind, with its options filled in. */
export function createReporter(name: ReporterName, options: ReportOptions): (document: Document) => string {
  return (document) => (LOADED.get(`${name} ${document.kind}`) as Reporter<Document>)(document, options);
}
