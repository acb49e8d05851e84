import type { Command } from 'commander';
import type { ReporterName } from '../../src/report/index.ts';
import type { Handler } from '../command.ts';

interface Files {
  html?: string;
  junit?: string;
  sarif?: string;
  codeQuality?: string;
}

const FORMATS = {
  html: 'html',
  junit: 'junit',
  sarif: 'sarif',
  codeQuality: 'code-quality',
} as const satisfies Record<keyof Files, ReporterName>;
const FORMAT_ENTRIES = Object.entries(FORMATS) as [keyof Files, ReporterName][];

/** Options of a command whose findings machines show beside the lines of files. */
export function noticeFiles(command: Command): Command {
  return command
    .option('--github', 'print annotations for GitHub Actions')
    .option('--sarif <file>', 'also write it as SARIF 2.1.0, for code scanning and editors')
    .option('--code-quality <file>', 'also write it as a Code Quality report of GitLab');
}

/** Writes what the work reports to the files that were named, too. What kept it from its work is reported there as well. */
export function withReportFiles<Options extends object>(work: Handler<Options>): Handler<Options & Files> {
  return async (context, options, args) => {
    const { html, junit, sarif, codeQuality, ...others } = options;
    const named = { html, junit, sarif, codeQuality };
    const files = FORMAT_ENTRIES.flatMap(([name, format]) => {
      const file = named[name];
      return file === undefined ? [] : [[format, file] as const];
    });
    if (files.length === 0) return work(context, options, args);
    const [{ writeReport }, { asQbtcError }] = await Promise.all([
      import('../report-file.ts'),
      import('../../src/report/index.ts'),
    ]);
    try {
      const outcome = await work(context, others as Options, args);
      const { document } = outcome;
      if (document !== undefined)
        for (const [format, file] of files) await writeReport(context, document, format, file);
      return outcome;
    } catch (error) {
      const document = { kind: 'error', error: asQbtcError(error) } as const;
      // Why the files cannot be written is not worth more than why there is nothing to write.
      for (const [format, file] of files) await writeReport(context, document, format, file).catch(() => {});
      throw error;
    }
  };
}
