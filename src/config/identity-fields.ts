import * as z from 'zod';
import { filled, written } from './fields.ts';
import { commandLines } from './readiness.ts';

// What the stack is called at a server, where that is not its own name.

/** Names that servers take as they are, in addresses and in their own files. */
const OWN_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/;
const OWN_NAME_RULE = 'letters, digits, _ and -, at most 63';
export const ownName = () => written(z.string().regex(OWN_NAME, { error: OWN_NAME_RULE }));

export const user = ownName()
  .optional()
  .describe('The name of the user of the stack there; that of the stack when left out.');
export const password = written(filled('a reference'))
  .optional()
  .describe(
    'The password, as a reference: `${secrets.NAME}`, or a variable of the environment. Left out, it is the secret `NAME-password`.',
  );

export const migrate = commandLines()
  .optional()
  .describe(
    'A program and its arguments, or a list of them, that bring its data up to date (Prisma, Alembic, Flyway, …): run beside qbtc.yaml at each `up`, when it is ready and before what depends on it starts. DATABASE_URL and DATABASE_HOST, _PORT, _USER, _PASSWORD, _NAME say where it is. They must find done what is done.',
  );
