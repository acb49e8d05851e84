import * as z from 'zod';
import type { InfrastructurePlan } from '../model/placement.ts';
import { PROVIDER_NAMES, STRATEGIES } from '../model/resource.ts';
import { stateFile } from './state-file.ts';

const choice = z.object({
  resource: z.string(),
  provider: z.enum(PROVIDER_NAMES),
  reason: z.string(),
  loss: z.string(),
  standsIn: z.literal(true).optional(),
});

const plan = z.object({
  strategy: z.enum(STRATEGIES),
  choices: z.array(choice),
  services: z.array(
    z.object({ service: z.string(), runs: z.enum(['process', 'container', 'adopted']), reason: z.string() }),
  ),
}) as z.ZodType<InfrastructurePlan>;

const file = stateFile<InfrastructurePlan | undefined>('choices', plan.optional(), undefined);

/**
 * What the last `up` decided; `undefined` before the first one and after `down`.
 *
 * @throws QbtcError `CHOICES_UNREADABLE`
 */
export const readChoices = (root: string): Promise<InfrastructurePlan | undefined> => file.read(root);

export const writeChoices = (root: string, made: InfrastructurePlan): Promise<void> => file.write(root, made);
