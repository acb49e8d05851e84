import type { Place } from '../model/adoption.ts';
import type { Field } from './draft/index.ts';

/** `docker-compose.yml:12`, `seen when it was started`, `guess, by src/index.js:3: 3000 is that of web`; of several the first two places. */
export function from(...fields: readonly Field<unknown>[]): string {
  const places = [...new Set(fields.map(({ at }) => placeText(at)))];
  const shown = places.slice(0, 2).join(', ') + (places.length > 2 ? ', …' : '');
  if (fields.some(({ seen }) => seen)) return 'seen when it was started';
  const guess = fields.some((field) => field.guess);
  const why = fields.find((field) => field.why !== undefined)?.why;
  return `${guess ? 'guess, by ' : ''}${shown}${why === undefined ? '' : `: ${why}`}`;
}

export function placeText({ file, line }: Place): string {
  return `${file}:${line}`;
}
