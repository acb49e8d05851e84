import type { ReportOptions } from './document-form.ts';
import { fingerprint, shownAt } from './noted.ts';
import type { Notice } from './notice.ts';

/** A report of Code Quality, which GitLab shows in merge requests (https://docs.gitlab.com/ci/testing/code_quality/). */
export function codeQuality(notices: readonly Notice[], options: ReportOptions): object[] {
  return notices
    .filter(({ ignored }) => ignored === undefined)
    .map((notice) => {
      const { file, line } = shownAt(notice, options);
      return {
        description: notice.message,
        check_name: notice.code,
        fingerprint: fingerprint(notice),
        severity: notice.severity === 'error' ? 'critical' : 'minor',
        location: { path: file, lines: { begin: line } },
      };
    });
}
