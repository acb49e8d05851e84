import * as z from 'zod';
import { heldRoutes } from '../../gateway/index.ts';
import { exportRoutes } from '../../import/export.ts';
import { declaredObjects } from '../../import/routes.ts';
import { EXPORT_FORMATS } from '../../model/import.ts';
import { operationOf } from '../operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { format: z.enum(EXPORT_FORMATS), live: z.boolean().default(false) },
  documents: ['exported'],
  async run(context, stack, { format, live }) {
    const held = live ? declaredObjects(await heldRoutes(context, stack)) : undefined;
    const exported = await exportRoutes(stack, format, held);
    return { document: { kind: 'exported', stack: stack.name, format, ...exported } };
  },
});
