import type { NewService } from '../../../model/new-service.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { SIGN } from '../../terminal/view.ts';

/** The service that `add service` has made, or would make. */
export interface NewServiceDocument extends NewService {
  kind: 'new-service';
  stack: string;
  /** Planned alone: nothing was written. */
  dryRun: boolean;
  next: { command: string; why: string }[];
}

const LANGUAGES = { ts: 'TypeScript', js: 'JavaScript', python: 'Python' };
const BASES = { runtime: 'on the runtime of the stack', plain: 'without a runtime' };

const newService: View<NewServiceDocument> = (document, { palette, width }) => {
  const { service, serviceKind, language, base, port, stack, dryRun, files, next } = document;
  const what = `${serviceKind} in ${LANGUAGES[language]}, ${BASES[base]}, at port ${port}`;
  return [
    `${palette.good(`${SIGN.done} ${palette.strong(service)}`)} ${dryRun ? 'would be added' : 'added'} to ${stack}: ${what}`,
    ...table(
      files.map(({ path, action }) => [
        {
          text: action === 'create' ? '+' : '~',
          paint: action === 'create' ? palette.good : palette.warning,
        },
        { text: path },
      ]),
      { indent: 2, width },
    ),
    ...(next.length === 0 ? [] : ['', palette.strong('What to do next')]),
    ...table(
      next.map(({ command, why }) => [{ text: command, paint: palette.accent }, { text: why }]),
      { indent: 2, width },
    ),
  ];
};

export const form: DocumentForm<NewServiceDocument> = { terminal: newService };
