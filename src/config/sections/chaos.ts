import * as z from 'zod';
import { filled } from '../fields.ts';

export const chaos = z
  .strictObject({
    allowed: z
      .boolean({ error: 'true or false' })
      .default(false)
      .describe('Whether `qbtc chaos` may break this stack on purpose.'),
    experiments: filled('a file pattern')
      .default('chaos/*.yaml')
      .describe('The experiments: a file pattern, relative to qbtc.yaml.'),
  })
  .prefault({})
  .describe('What `qbtc chaos` may do.');
