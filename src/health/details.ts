import type { HealthDetail } from './document-form.ts';
import { FORMS } from './forms/index.ts';

/** What a health document tells of what the service depends on. */
export interface HealthDetails {
  /** The form in which it was read, as people call it; `text` for what is no JSON object. */
  form: string;
  details: HealthDetail[];
}

/** Reads a health document, whoever wrote it. A plain `OK`, a 204 and `{"ok":true}` are answers without details. */
export function healthDetails(document: Readonly<Record<string, unknown>> | undefined): HealthDetails {
  if (document === undefined) return { form: 'text', details: [] };
  for (const { name, read } of FORMS) {
    const details = read(document);
    if (details !== undefined) return { form: name, details };
  }
  return { form: 'JSON', details: [] };
}
