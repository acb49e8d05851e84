import type { Adoption, Seen } from '../../../model/adoption.ts';
import type { DocumentForm, Style, View } from '../../document-form.ts';
import { table, wrap } from '../../layout.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What `init` has found in a repository, has written, and could not say. */
export interface AdoptionDocument extends Adoption {
  kind: 'adoption';
}

const CHANGES = { created: 'written', updated: 'updated', unchanged: 'as it was' } as const;

const adoption: View<AdoptionDocument> = (document, style) => {
  const { name, dryRun, services, resources, files, kept, seen, obstacles, losses, doctor, next } = document;
  const { good, strong, accent, faint } = style.palette;
  const place = ({ file, line }: { file: string; line: number }) => `${file}:${line}`;
  const parts = `${counted(services.length, 'service')}, ${counted(resources.length, 'resource')}`;
  return [
    dryRun
      ? `${strong(name)}: ${parts}; nothing was written`
      : `${good(`${SIGN.done} ${strong(name)}`)}: ${parts}`,
    ...table(
      [
        ...resources.map((each) => [each.name, each.resource, place(each.at)]),
        ...services.map((each) => [
          each.name,
          each.port === undefined ? 'no port' : `port ${each.port}`,
          place(each.at),
        ]),
      ].map(([first = '', second = '', third = '']) => [
        { text: first },
        { text: second },
        { text: third, paint: faint },
      ]),
      { indent: 2, width: style.width },
    ),
    ...(dryRun
      ? files.flatMap(({ path, text }) => [
          '',
          strong(path),
          ...text
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
        ])
      : files.map(({ path, change }) => `  ${path}: ${CHANGES[change]}`)),
    ...section('Kept as you have changed it', kept, style),
    ...section('Seen when they were started', seen.map(seenText), style),
    ...section(
      'In the way',
      obstacles.map(({ at, of, found, fix }) => `${place(at)} ${of}: ${found}. ${fix}`),
      style,
    ),
    ...section(
      'Without a counterpart',
      losses.map(
        ({ at, what, of, instead }) =>
          `${place(at)} ${what}${of.length === 0 ? '' : ` (${of.join(', ')})`}: ${instead}`,
      ),
      style,
    ),
    ...section(
      'This machine',
      doctor.map(({ name: check, found, fix }) => `${check}: ${found}${fix === null ? '' : `. ${fix}`}`),
      style,
    ),
    '',
    strong('What to do next'),
    ...table(
      next.map(({ command, why }) => [{ text: command, paint: accent }, { text: why }]),
      { indent: 2, width: style.width },
    ),
  ];
};

function seenText({ service, ports, http, logs, ended }: Seen): string {
  if (ended !== undefined) return `${service}: did not stay`;
  const facts = [
    ports.length === 0 ? 'listens nowhere' : `listens at ${ports.join(', ')}`,
    http?.health !== undefined && `${http.health} tells its health`,
    http?.metrics !== undefined && `${http.metrics} its metrics`,
    logs !== undefined && `logs as ${logs} does`,
  ];
  return `${service}: ${facts.filter(Boolean).join(', ')}`;
}

function section(title: string, lines: readonly string[], { palette, width }: Style): string[] {
  if (lines.length === 0) return [];
  return [
    '',
    palette.strong(title),
    ...lines.flatMap((line) =>
      wrap(line, width - 4).map((part, index) => `  ${index === 0 ? SIGN.none : ' '} ${part}`),
    ),
  ];
}

export const form: DocumentForm<AdoptionDocument> = { terminal: adoption };
