import type { Diagnosis } from '../../../model/doctor.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { counted, SIGN } from '../../terminal/view.ts';

/** What this machine has for running a stack. */
export interface DoctorDocument extends Diagnosis {
  kind: 'doctor';
}

/** One row a check, under it the fix; at the end the strategy. */
const doctor: View<DoctorDocument> = ({ checks, strategy }, style) => {
  const { strong, good, warning, bad, accent } = style.palette;
  const paints = { pass: good, warning, fail: bad } as const;
  const count = (status: keyof typeof SIGNS) => checks.filter((check) => check.status === status).length;
  return [
    ...table(
      checks.flatMap(({ name, status, found, fix }) => [
        [
          { text: `${SIGNS[status]} ${status}`, paint: paints[status] },
          { text: name, paint: strong },
          { text: found },
        ],
        ...(fix === null ? [] : [[{ text: '' }, { text: '' }, { text: `→ ${fix}`, paint: accent }]]),
      ]),
      { indent: 2, width: style.width },
    ),
    '',
    count('fail') > 0
      ? bad(
          `${SIGN.failed} ${counted(count('fail'), 'check')} failed, ${counted(count('warning'), 'warning')}`,
        )
      : good(`${SIGN.done} nothing stands in the way, ${counted(count('warning'), 'warning')}`),
    strategy === null ? bad('qbtc up would not start') : `qbtc up would choose ${strong(strategy)}`,
  ];
};

const SIGNS = { pass: SIGN.done, warning: '!', fail: SIGN.failed } as const;

export const form: DocumentForm<DoctorDocument> = {
  terminal: doctor,
  notices: ({ checks }) =>
    checks
      .filter(({ status }) => status !== 'pass')
      .map(({ name, status, found, fix }) => ({
        severity: status === 'fail' ? 'error' : 'warning',
        code: `doctor/${name}`,
        subject: name,
        message: `${found}${fix === null ? '' : ` (${fix})`}`,
        title: `qbtc doctor: ${name}`,
      })),
};
