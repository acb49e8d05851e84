import { readFileSync } from 'node:fs';
import { Refused } from './service.js';

const BASE = '/api/your-service';
const document = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8'));

/** The API that openapi.json describes: what is answered to which method and path. */
export const ROUTES = {
  [`GET ${BASE}/openapi.json`]: () => document,
  [`POST ${BASE}/greetings`]: (request) => greet(request.json()),
};

/** A GreetingRequest becomes a Greeting. */
export function greet(asked) {
  const isAsked = typeof asked === 'object' && asked !== null && Object.keys(asked).join() === 'name';
  const { name } = isAsked ? asked : {};
  if (typeof name !== 'string' || name.length < 1 || name.length > 100)
    throw new Refused(
      400,
      'bad_request',
      'expected {"name": "..."}, of 1 to 100 characters; see openapi.json',
    );
  return { message: `Hello, ${name}` };
}
