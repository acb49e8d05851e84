import { badRequest } from './resource.ts';

/** Tags are given as a list, or as one text with commas. */
export function tagsOf(given: unknown): string[] {
  const tags = typeof given === 'string' ? given.split(',') : given;
  if (!Array.isArray(tags)) throw badRequest('tags must be a list or a text');
  return tags.map((tag) => String(tag).trim()).filter((tag) => tag !== '');
}
