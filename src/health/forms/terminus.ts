import { isRecord } from '../../record.ts';
import { detailsIn, type HealthForm } from '../document-form.ts';

/** Terminus of NestJS: `{"status":"error","info":{},"error":{"db":{"status":"down"}},"details":{"db":{"status":"down"}}}`. */
export const terminus: HealthForm = {
  name: 'Terminus',
  read: ({ info, error, details }) =>
    isRecord(details) && (isRecord(info) || isRecord(error)) ? detailsIn(details) : undefined,
};
