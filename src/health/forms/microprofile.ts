import { isRecord } from '../../record.ts';
import { detailFrom, type HealthForm } from '../document-form.ts';

/** MicroProfile Health (Quarkus, Open Liberty): `{"status":"UP","checks":[{"name":"db","status":"UP","data":{}}]}`. */
export const microprofile: HealthForm = {
  name: 'MicroProfile',
  read: ({ checks }) =>
    Array.isArray(checks)
      ? checks.flatMap((check: unknown) =>
          isRecord(check) && typeof check.name === 'string' ? (detailFrom(check.name, check) ?? []) : [],
        )
      : undefined,
};
