import type { Context } from '../context.ts';
import type { Endpoint } from '../model/resource.ts';

/**
 * Gives the server at the endpoint another password for the stack's user, while it runs and its clients stay connected.
 * Rejects with the server's reason; then the old one still holds.
 */
export type Rotate = (
  context: Pick<Context, 'http' | 'sql' | 'redis'>,
  endpoint: Endpoint,
  password: string,
) => Promise<void>;
