import * as z from 'zod';
import { confidentialMask } from '../config/confidential.ts';
import { formatEnv } from '../config/dotenv.ts';
import { environmentFor } from '../lifecycle/environment.ts';
import { operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'reads',
  input: { name: z.string() },
  documents: ['environment'],
  async run(_, stack, { name }) {
    const { variables: raw, ...environment } = await environmentFor(stack, name);
    const masked = confidentialMask(stack);
    const variables = Object.fromEntries(Object.entries(raw).map(([each, value]) => [each, masked(value)]));
    const secrets = Object.keys(raw).filter((each) => raw[each] !== variables[each]);
    const text = formatEnv(variables);
    return { document: { kind: 'environment', ...environment, variables, secrets, text } };
  },
});
