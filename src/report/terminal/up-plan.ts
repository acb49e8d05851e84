import type { UpPlanDocument } from '../document.ts';
import { table } from '../layout.ts';
import { SIGN, type View } from './view.ts';

/** Who would provide what and why, what would be lost by it, and what would be started, replaced, or ended. */
export const upPlan: View<UpPlanDocument> = ({ stack, strategy, resources, services, ends }, style) => {
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
