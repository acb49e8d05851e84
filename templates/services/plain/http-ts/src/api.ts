import document from '../openapi.json' with { type: 'json' };
import { Refused, type Route } from './service.ts';

const BASE = '/api/your-service';

/** The API that openapi.json describes: what is answered to which method and path. */
export const ROUTES: Record<string, Route> = {
  [`GET ${BASE}/openapi.json`]: () => document,
  [`POST ${BASE}/greetings`]: (request) => greet(request.json()),
};

/** A GreetingRequest becomes a Greeting. */
export function greet(asked: unknown): { message: string } {
  const isAsked = typeof asked === 'object' && asked !== null && Object.keys(asked).join() === 'name';
  const { name } = (isAsked ? asked : {}) as { name?: unknown };
  if (typeof name !== 'string' || name.length < 1 || name.length > 100)
    throw new Refused(
      400,
      'bad_request',
      'expected {"name": "..."}, of 1 to 100 characters; see openapi.json',
    );
  return { message: `Hello, ${name}` };
}
