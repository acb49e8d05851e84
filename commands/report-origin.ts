import type { Context } from '../src/context.ts';
import type { ReportOptions } from '../src/report/document-form.ts';
import { NOTICE_FORMATS, type ReporterName } from '../src/report/index.ts';

/** Who reports, and where: asked for the forms that name files to machines, which know them from the top of the repository. */
export async function originOf(
  { cwd, exec, installation }: Pick<Context, 'cwd' | 'exec' | 'installation'>,
  format: ReporterName,
): Promise<Pick<ReportOptions, 'version' | 'from'>> {
  if (!NOTICE_FORMATS.some((each) => each === format)) return {};
  const { exitCode, stdout, notFound } = await exec('git', ['rev-parse', '--show-toplevel'], {
    cwd,
    timeoutMs: 2_000,
  });
  const repository = notFound || exitCode !== 0 ? cwd : stdout.trim();
  return { version: installation.version, from: { cwd, repository } };
}
