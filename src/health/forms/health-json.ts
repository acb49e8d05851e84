import { isRecord } from '../../record.ts';
import { detailFrom, type HealthForm } from '../document-form.ts';

/** health+json: `{"status":"pass","checks":{"db:responseTime":[{"status":"pass","output":""}]}}`; a check has several parts. */
export const healthJson: HealthForm = {
  name: 'health+json',
  read({ checks }) {
    if (!isRecord(checks) || !Object.values(checks).some(Array.isArray)) return undefined;
    return Object.entries(checks).flatMap(([name, parts]) =>
      (Array.isArray(parts) ? parts : [parts]).flatMap((part) => detailFrom(name, part) ?? []),
    );
  },
};
