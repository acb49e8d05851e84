import { isRecord } from '../../record.ts';
import { detailsIn, type HealthForm } from '../document-form.ts';

/** Libraries of Go: `{"status":"ok","details":{"db":{"status":"failed","err":"refused"}}}`; and only what fails, `{"status":"OK","failures":{"db":"refused"}}`. */
export const goHealth: HealthForm = {
  name: 'go-health',
  read({ details, failures }) {
    if (isRecord(details)) return detailsIn(details);
    if (!isRecord(failures)) return undefined;
    return Object.entries(failures).map(([name, said]) => ({ name, well: false, said: String(said) }));
  },
};
