import { messageOf, QbtcError } from '../errors.ts';
import { jsonText } from '../json.ts';
import { printableIn } from '../printable.ts';
import { annotation } from './annotation.ts';
import { type DocumentForm, PAGE_FORMATS, type PageFormat, type ReportOptions } from './document-form.ts';
import { DOCUMENTS, type Document, type DocumentKind, type DocumentOf } from './documents/index.ts';
import { hanging } from './layout.ts';
import type { Notice } from './notice.ts';
import { createPalette } from './palette.ts';

export type { Document, DocumentKind, DocumentOf } from './documents/index.ts';

/** Forms that machines show beside the lines of files; each is made of a document's notices. */
export const NOTICE_FORMATS = ['sarif', 'code-quality'] as const;
type NoticeFormat = (typeof NOTICE_FORMATS)[number];

export const REPORTER_NAMES = [
  'terminal',
  'json',
  'json-lines',
  'github',
  ...NOTICE_FORMATS,
  ...PAGE_FORMATS,
] as const;
export type ReporterName = (typeof REPORTER_NAMES)[number];
/** Turns a document into text, without a line feed at its end. Prints nothing. */
export type Reporter<Document> = (document: Document, options: ReportOptions) => string;

/**
 * Loads what tells documents of one kind in one form. What people see is made printable here, for every document alike:
 * logs, names and answers of others must not steer the terminal of who reads them. Machines get every byte as it is,
 * escaped as JSON does.
 */
export async function loadReporter<Kind extends DocumentKind>(
  name: ReporterName,
  kind: Kind,
): Promise<Reporter<DocumentOf<Kind>>> {
  // The kind picks the form that takes this document; the types cannot say so.
  const { form } = (await DOCUMENTS[kind]()) as unknown as { form: DocumentForm<DocumentOf<Kind>> };
  switch (name) {
    case 'json':
      return (document) => jsonText(shapeOf(form, document), 2);
    case 'json-lines':
      return (document) =>
        (form.jsonLines?.(document) ?? [shapeOf(form, document)]).map((line) => jsonText(line)).join('\n');
    case 'terminal':
      return (document, options) => terminalText(form, printableIn(document), options);
    case 'github':
      return (document, options) => {
        const told = printableIn(document);
        return [...noticesOf(form, told).map(annotation), plainText(form, told, options)].join('\n');
      };
    case 'sarif':
    case 'code-quality': {
      const format = await NOTICES[name]();
      return (document, options) =>
        JSON.stringify(format(noticesOf(form, printableIn(document)), options), undefined, 2);
    }
    default:
      return pageReporter(name, form);
  }
}

const NOTICES: Readonly<
  Record<NoticeFormat, () => Promise<(notices: readonly Notice[], options: ReportOptions) => object>>
> = {
  sarif: async () => (await import('./sarif.ts')).sarifLog,
  'code-quality': async () => (await import('./code-quality.ts')).codeQuality,
};

/** What a document of any kind has for those who show it beside the lines of files. */
export async function noticesIn(document: Document): Promise<Notice[]> {
  const { form } = (await DOCUMENTS[document.kind]()) as unknown as { form: DocumentForm<Document> };
  return noticesOf(form, document);
}

function noticesOf<Document extends { kind: string }>(
  { notices }: DocumentForm<Document>,
  document: Document,
): Notice[] {
  return notices?.(document) ?? [];
}

async function pageReporter<Document extends { kind: string }>(
  name: PageFormat,
  form: DocumentForm<Document>,
): Promise<Reporter<Document>> {
  const own = await form.pages?.[name]?.();
  return (document, options) => {
    const told = printableIn(document);
    if (own !== undefined) return own.page(told, options);
    const text = plainText(form, told, options);
    return name === 'markdown' ? ['```text', text, '```'].join('\n') : text;
  };
}

/** For people at a terminal, where no word is broken that has room. */
function terminalText<Document extends { kind: string }>(
  { terminal, verbatim }: DocumentForm<Document>,
  document: Document,
  { color, width, verbose }: ReportOptions,
): string {
  const lines = terminal(document, { palette: createPalette(color), width, verbose });
  return (verbatim ? lines : lines.flatMap((line) => hanging(line, width))).join('\n');
}

function plainText<Document extends { kind: string }>(
  form: DocumentForm<Document>,
  document: Document,
  options: ReportOptions,
): string {
  return terminalText(form, document, { ...options, color: false });
}

function shapeOf<Document extends { kind: string }>(
  { json }: DocumentForm<Document>,
  document: Document,
): unknown {
  if (json !== undefined) return json(document);
  const { kind: _, ...shape } = document;
  return shape;
}

/** Whatever was thrown as an error that can be reported; what nobody threw on purpose is a defect of ours. */
export function asQbtcError(thrown: unknown): QbtcError {
  if (thrown instanceof QbtcError) return thrown;
  return new QbtcError('DEFECT', `a defect in qbtc: ${messageOf(thrown)}`, {
    cause: thrown,
    hint: 'please report it, with the output of the same command with --verbose',
  });
}
