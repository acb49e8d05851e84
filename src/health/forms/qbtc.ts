import { isRecord } from '../../record.ts';
import { detailsIn, type HealthForm } from '../document-form.ts';

/** That of the stacks that `qbtc new` makes: `{"service":"api","checks":{"database":{"status":"healthy"}}}`. */
export const qbtc: HealthForm = {
  name: 'checks',
  read: ({ checks }) =>
    isRecord(checks) && !Object.values(checks).some(Array.isArray) ? detailsIn(checks) : undefined,
};
