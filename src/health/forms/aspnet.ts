import { isRecord } from '../../record.ts';
import { detailsIn, type HealthForm } from '../document-form.ts';

/**
 * ASP.NET Core: `{"status":"Healthy","results":{"db":{"status":"Healthy","description":null}}}` as its documentation has
 * it, and with `entries` as HealthChecks.UI writes it.
 */
export const aspnet: HealthForm = {
  name: 'ASP.NET',
  read({ results, entries }) {
    const states = isRecord(entries) ? entries : results;
    return isRecord(states) ? detailsIn(states) : undefined;
  },
};
