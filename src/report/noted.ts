import { createHash } from 'node:crypto';
import { relative, resolve, sep } from 'node:path';
import type { ReportOptions } from './document-form.ts';
import type { Notice, NoticePlace } from './notice.ts';

/** Where it is shown when no file is to blame: those who show notices beside files want one. */
const STACK_FILE: NoticePlace = { file: 'qbtc.yaml' };

/** What stays the same of a notice as long as what it tells does, so that it is told once. */
export function fingerprint({ code, subject }: Notice): string {
  return createHash('sha256')
    .update(JSON.stringify([code, subject]))
    .digest('hex')
    .slice(0, 32);
}

/** Where it is shown: the path from the top of the repository, or whole where it is outside; and always a line. */
export function shownAt(
  { place = STACK_FILE }: Notice,
  { from }: Pick<ReportOptions, 'from'>,
): Required<NoticePlace> {
  const { file, line = 1, column = 1 } = place;
  if (from === undefined) return { file, line, column };
  const absolute = resolve(from.cwd, file);
  const inside = relative(from.repository, absolute);
  return { file: (inside.startsWith('..') ? absolute : inside).split(sep).join('/'), line, column };
}
