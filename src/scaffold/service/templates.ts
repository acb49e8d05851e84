import { join } from 'node:path';
import type { ServiceBase, ServiceKind, ServiceLanguage } from '../../model/new-service.ts';

/** A service as `qbtc add service` writes it: the folder `templates/services/BASE/KIND-LANGUAGE`. */
export interface ServiceTemplate {
  kind: ServiceKind;
  language: ServiceLanguage;
  base: ServiceBase;
}

/** Of two for one kind and language that with the runtime is taken where the stack has it. */
export const TEMPLATES: readonly ServiceTemplate[] = [
  { kind: 'http', language: 'ts', base: 'runtime' },
  { kind: 'consumer', language: 'ts', base: 'runtime' },
  { kind: 'worker', language: 'ts', base: 'runtime' },
  { kind: 'http', language: 'js', base: 'runtime' },
  { kind: 'consumer', language: 'js', base: 'runtime' },
  { kind: 'worker', language: 'js', base: 'runtime' },
  { kind: 'http', language: 'python', base: 'plain' },
  { kind: 'consumer', language: 'python', base: 'plain' },
  { kind: 'worker', language: 'python', base: 'plain' },
  { kind: 'http', language: 'ts', base: 'plain' },
  { kind: 'consumer', language: 'ts', base: 'plain' },
  { kind: 'worker', language: 'ts', base: 'plain' },
  { kind: 'http', language: 'js', base: 'plain' },
  { kind: 'consumer', language: 'js', base: 'plain' },
  { kind: 'worker', language: 'js', base: 'plain' },
];

export function folderOfTemplate(installation: string, { base, kind, language }: ServiceTemplate): string {
  return join(installation, 'templates', 'services', base, `${kind}-${language}`);
}
