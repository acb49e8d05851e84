import type { Strategy } from '../../../model/resource.ts';
import type { DocumentForm, View } from '../../document-form.ts';
import { table } from '../../layout.ts';
import { SIGN } from '../../terminal/view.ts';

/** What `up` would do. */
export interface UpPlanDocument {
  kind: 'up-plan';
  stack: string;
  strategy: Strategy;
  /** Who would provide what, why, what is lost by it (empty: nothing), and what would be done for it. */
  resources: {
    resource: string;
    provider: string;
    reason: string;
    loss: string;
    action: 'adopt' | 'keep' | 'start' | 'replace';
  }[];
  services: {
    service: string;
    runs: 'process' | 'container';
    reason: string;
    action: 'adopt' | 'keep' | 'start' | 'replace';
  }[];
  /** What runs now and would be ended. */
  ends: string[];
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
