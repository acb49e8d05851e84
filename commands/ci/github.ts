import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import type { Context } from '../../src/context.ts';
import { messageOf } from '../../src/errors.ts';
import type { DocumentOf } from '../../src/report/index.ts';

/** GitHub refuses a summary beyond 1 MiB whole. */
const SUMMARY_BYTES = 1_000_000;

/**
 * Gives a step of GitHub Actions its summary and its outputs, in the files that the runner names for both
 * (https://docs.github.com/actions/reference/workflow-commands). A file that cannot be written changes no outcome.
 */
export async function tellGitHub(
  { env, io }: Pick<Context, 'env' | 'io'>,
  document: DocumentOf<'ci'>,
  summary: string,
): Promise<void> {
  const append = async (variable: string, text: string) => {
    const file = env[variable];
    if (file === undefined || file === '') return;
    await appendFile(file, text).catch((error: unknown) => io.err(`${variable}: ${messageOf(error)}`));
  };
  await append('GITHUB_STEP_SUMMARY', `${cut(summary)}\n`);
  await append('GITHUB_OUTPUT', outputs(document));
}

function cut(summary: string): string {
  const bytes = Buffer.from(summary);
  if (bytes.length <= SUMMARY_BYTES) return summary;
  // A character that is cut in two is left out.
  const whole = bytes
    .subarray(0, SUMMARY_BYTES)
    .toString('utf8')
    .replace(/\ufffd$/, '');
  return `${whole}\n\nThe rest stands in summary.md.`;
}

function outputs({ passed, score, flows, report }: DocumentOf<'ci'>): string {
  const values = {
    passed,
    score: score?.adjusted ?? '',
    grade: score?.grade ?? '',
    'flows-passed': flows.passed,
    'flows-failed': flows.failed,
    report,
  };
  // A value with a line feed must not become another output: what ends it nobody can know before.
  const end = randomUUID();
  return Object.entries(values)
    .map(([name, value]) => `${name}<<${end}\n${value}\n${end}\n`)
    .join('');
}
