import type { HealthDetail } from '../model/observation.ts';
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
    if (details !== undefined)
      // Libraries put whole stack traces there.
      return { form: name, details: details.map(({ said, ...each }) => ({ ...each, said: oneLine(said) })) };
  }
  return { form: 'JSON', details: [] };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
