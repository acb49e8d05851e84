import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { Context } from '../../src/context.ts';
import { EXIT, messageOf, QbtcError } from '../../src/errors.ts';
import type { CiStepName } from '../../src/model/ci.ts';
import { isRecord } from '../../src/record.ts';
import type { Document, DocumentOf, ReporterName } from '../../src/report/index.ts';
import { reportText } from '../report-file.ts';

/** What a report is told by, and what lists its files. */
const INDEX = 'report.json';
/** The report is no part of the repository, wherever in it it stands. */
const IGNORED = '.gitignore';

/** In which forms what a step told is kept. */
const FORMS: Readonly<Partial<Record<CiStepName, readonly (readonly [ReporterName, string])[]>>> = {
  test: [
    ['json', 'test.json'],
    ['junit', 'test.xml'],
    ['html', 'test.html'],
  ],
  score: [
    ['json', 'score.json'],
    ['junit', 'score.xml'],
    ['html', 'score.html'],
    ['prometheus', 'metrics.txt'],
  ],
  up: [['json', 'up.json']],
  down: [['json', 'down.json']],
};

/** The folder of a report: every file in it is named in its index, so that the next run can take it away again. */
export interface ReportFolder {
  add(file: string, text: string): Promise<void>;
  addDocument(file: string, document: Document, format: ReporterName): Promise<void>;
  addStep(name: CiStepName, documents: readonly Document[]): Promise<void>;
  /** Writes what all steps make together, the index last. Gives the summary. */
  finish(document: DocumentOf<'ci'>, score: DocumentOf<'score'> | undefined): Promise<string>;
}

/**
 * Empties what an earlier run has left there.
 *
 * @throws QbtcError `REPORT_FOLDER_TAKEN` where something else stands there; `OUT_UNWRITABLE`
 */
export async function openReport(context: Context, named: string): Promise<ReportFolder> {
  const folder = resolve(context.cwd, named);
  const writing = <Result>(work: () => Promise<Result>) =>
    work().catch((error: unknown) => {
      throw new QbtcError('OUT_UNWRITABLE', `${named} cannot be written: ${messageOf(error)}`, {
        exit: EXIT.usage,
        hint: 'name another folder with --report',
        cause: error,
      });
    });
  await emptied(folder, named, writing);
  const files: string[] = [];
  const write = (file: string, text: string) =>
    writing(async () => {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFileAtomic(join(folder, file), `${text.trimEnd()}\n`);
    });
  const add = async (file: string, text: string) => {
    await write(file, context.io.masked(text));
    files.push(file);
  };
  const addDocument = async (file: string, document: Document, format: ReporterName) =>
    add(file, await reportText(context, document, format));
  await write(IGNORED, '*');
  await write(INDEX, JSON.stringify({ files }));
  return {
    add,
    addDocument,
    async addStep(name, documents) {
      const last = documents.at(-1);
      if (last === undefined) return;
      for (const [format, file] of FORMS[name] ?? []) await addDocument(file, last, format);
    },
    async finish(document, score) {
      const summary = [
        await reportText(context, document, 'markdown'),
        ...(score === undefined ? [] : [await reportText(context, score, 'markdown')]),
      ].join('\n\n');
      await add('summary.md', summary);
      await add('qbtc.env', variables(document));
      await addDocument('qbtc.sarif', document, 'sarif');
      await addDocument('code-quality.json', document, 'code-quality');
      document.files = [...files.sort(), INDEX];
      await write(INDEX, await reportText(context, document, 'json'));
      return summary;
    },
  };
}

/** A dotenv report of GitLab: later jobs have these variables. */
function variables({ passed, score, flows }: DocumentOf<'ci'>): string {
  return [
    `QBTC_PASSED=${passed}`,
    `QBTC_SCORE=${score?.adjusted ?? ''}`,
    `QBTC_GRADE=${score?.grade ?? ''}`,
    `QBTC_FLOWS_PASSED=${flows.passed}`,
    `QBTC_FLOWS_FAILED=${flows.failed}`,
  ].join('\n');
}

async function emptied(
  folder: string,
  named: string,
  writing: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw taken(named, messageOf(error));
  });
  if (there.length === 0) return;
  const files = await filesOf(join(folder, INDEX));
  if (files === undefined)
    throw taken(named, `${there.length} files stand there, and no ${INDEX} of an earlier report`);
  await writing(async () => {
    // The index may have been changed since: nothing outside of the folder is touched.
    const inside = files.map((file) => resolve(folder, file)).filter((file) => isBelow(folder, file));
    await Promise.all(inside.map((file) => rm(file, { force: true })));
  });
}

const isBelow = (folder: string, file: string) => {
  const path = relative(folder, file);
  return path !== '' && !path.startsWith('..') && resolve(folder, path) === file;
};

async function filesOf(index: string): Promise<string[] | undefined> {
  try {
    const read: unknown = JSON.parse(await readFile(index, 'utf8'));
    const files = isRecord(read) ? read.files : undefined;
    return Array.isArray(files) ? files.filter((file) => typeof file === 'string') : undefined;
  } catch {
    return undefined;
  }
}

const taken = (named: string, why: string) =>
  new QbtcError('REPORT_FOLDER_TAKEN', `${named} is no folder for a report: ${why}`, {
    exit: EXIT.usage,
    hint: 'name another folder with --report',
  });
