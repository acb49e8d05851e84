import { cell } from '../../markdown.ts';
import { duration } from '../../terminal/view.ts';
import type { CiDocument } from './index.ts';

const SIGNS = { passed: '✅', failed: '❌', skipped: '➖' } as const;

/** The steps, and what was found at which line, for the summary of a run. */
export function page({ passed, steps, notices }: CiDocument): string {
  const grave = notices.filter(({ severity, ignored }) => severity === 'error' && ignored === undefined);
  return [
    `## ${passed ? '✅' : '❌'} qbtc`,
    '',
    '| step | | took | |',
    '| --- | --- | ---: | --- |',
    ...steps.map(
      ({ name, outcome, tookMs, result }) =>
        `| ${name} | ${SIGNS[outcome]} ${outcome} | ${outcome === 'skipped' ? '' : duration(tookMs)} | ${cell(result)} |`,
    ),
    ...(grave.length === 0
      ? []
      : [
          '',
          ...grave.map(
            ({ title, message, place }) =>
              `- ${title === undefined ? '' : `**${cell(title)}** `}${place === undefined ? '' : `${cell([place.file, place.line].filter((each) => each !== undefined).join(':'))} `}${cell(message)}`,
          ),
        ]),
  ].join('\n');
}
