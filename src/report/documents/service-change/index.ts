import type { ServiceChange } from '../../../model/discovery.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { wrap } from '../../layout.ts';
import { timeOfDay } from '../../terminal/view.ts';

/** One change that `discover --watch` has seen. */
export interface ServiceChangeDocument extends ServiceChange {
  kind: 'service-change';
}

/** One line a change. */
const serviceChange: View<ServiceChangeDocument> = (
  { time, change, service: name, instance, reason },
  { palette, width },
) => {
  const paints: Partial<Record<ServiceChangeDocument['change'], (text: string) => string>> = {
    healthy: palette.good,
    settled: palette.good,
    'source-back': palette.good,
    crashed: palette.bad,
    refused: palette.bad,
    unhealthy: palette.warning,
    damped: palette.warning,
    'source-lost': palette.warning,
  };
  const paint = paints[change] ?? ((text: string) => text);
  const who = [name, instance].filter((text) => text !== '').join(' ');
  const start = `${palette.faint(timeOfDay(time))}  ${paint(change.padEnd(11))}  `;
  return wrap([who, reason].filter((text) => text !== '').join(': '), width - 27).map((line, index) =>
    index === 0 ? `${start}${line}` : `${' '.repeat(27)}${line}`,
  );
};

export const form: DocumentForm<ServiceChangeDocument> = {
  terminal: serviceChange,
};
