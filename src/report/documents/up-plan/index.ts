import type { UpPlan } from '../../../model/lifecycle.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { SIGN } from '../../terminal/view.ts';

/** What `up` would do. */
export interface UpPlanDocument extends UpPlan {
  kind: 'up-plan';
}

/** Who would provide what and why, what would be lost by it, and what would be started, replaced, or ended. */
const upPlan: View<UpPlanDocument> = ({ stack, strategy, resources, services, ends }, style) => {
  const { strong, good, faint } = style.palette;
  const rows = [
    ...resources.map(({ resource, provider, reason, loss, action }) => ({
      name: resource,
      how: provider,
      action,
      why: loss === '' ? reason : `${reason}; lost by it: ${loss}`,
    })),
    ...services.map(({ service, runs, reason, action }) => ({
      name: service,
      how: runs,
      action,
      why: reason,
    })),
  ];
  const idle = rows.every(({ action }) => action === 'keep' || action === 'adopt') && ends.length === 0;
  return [
    `${strong(stack)}  ${strategy}`,
    '',
    ...table(
      rows.map(({ name, how, action, why }) => [
        { text: action },
        { text: name, paint: strong },
        { text: how },
        { text: why },
      ]),
      { indent: 2, width: style.width },
    ),
    ...(ends.length === 0 ? [] : ['', `  ${SIGN.delete} would be ended: ${ends.join(', ')}`]),
    '',
    idle ? good(`${SIGN.done} everything is up`) : faint('nothing was changed; qbtc up carries it out'),
  ];
};

export const form: DocumentForm<UpPlanDocument> = {
  terminal: upPlan,
};
