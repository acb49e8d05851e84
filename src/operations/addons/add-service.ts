import * as z from 'zod';
import { addService } from '../../lifecycle/new-service.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { SERVICE_KINDS, SERVICE_LANGUAGES } from '../../model/new-service.ts';
import { PORT } from '../bounds.ts';
import { numberIn, operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    name: z.string(),
    kind: z.enum(SERVICE_KINDS),
    language: z.enum(SERVICE_LANGUAGES).optional(),
    port: numberIn(PORT).optional(),
    dryRun: z.boolean().default(false),
    install: z.boolean().default(true),
  },
  documents: ['new-service'],
  open: (context, { dryRun }) => openStackHere(context, { readOnly: dryRun }),
  locks: ({ dryRun }) => !dryRun,
  async run(context, stack, { name, kind, language, port, dryRun, install }) {
    const { install: installs, ...added } = await addService(context, stack, {
      name,
      kind,
      language,
      port,
      dryRun,
      install,
    });
    const next = [
      ...(installs === undefined ? [] : [{ command: installs, why: 'installs what it needs' }]),
      { command: 'qbtc up', why: 'starts it, and brings its routes and queues' },
      { command: `qbtc test --tag ${name}`, why: 'proves that it works' },
    ];
    return {
      document: { kind: 'new-service', stack: stack.name, ...added, dryRun, next: dryRun ? [] : next },
    };
  },
});
