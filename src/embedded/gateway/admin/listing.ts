import { bytesOf } from '../../../matching/bytes.ts';
import { compilePattern } from '../../../matching/pattern.ts';
import type { Answer } from '../answer.ts';
import { type Entry, keyOf } from '../state/resources.ts';
import type { AdminResource } from './resource.ts';

const PAGE_SIZE = { least: 10, most: 500 };

/** An entry as GET shows it. */
export function shown(entry: Entry): object {
  return {
    createdIndex: entry.createdIndex,
    value: entry.value,
    key: keyOf(entry.collection, entry.id),
    modifiedIndex: entry.modifiedIndex,
  };
}

/** A list with its filters and its page. */
export function listing(resource: AdminResource, entries: Entry[], query: URLSearchParams): Answer {
  const filters = filtersOf(resource, query);
  if (typeof filters === 'string') return { status: 400, body: { error_msg: filters } };
  const found = entries.filter((entry) => filters.every((matches) => matches(entry)));
  const page = Number(query.get('page') ?? Number.NaN);
  const size = Number(query.get('page_size') ?? Number.NaN);
  if (Number.isNaN(page) || Number.isNaN(size)) {
    return { status: 200, body: { total: found.length, list: found.map(shown) } };
  }
  if (size < PAGE_SIZE.least || size > PAGE_SIZE.most) {
    return { status: 400, body: `page_size must be between ${PAGE_SIZE.least} and ${PAGE_SIZE.most}` };
  }
  const start = (Math.max(page, 1) - 1) * size;
  const list = found
    .sort((a, b) => a.createdIndex - b.createdIndex)
    .slice(start, start + size)
    .map(shown);
  // An empty table of Lua is an object, and clients of APISIX know it as such.
  return { status: 200, body: { total: found.length, list: list.length === 0 ? {} : list } };
}

type Filter = (entry: Entry) => boolean;

/** The filters of the query, or what is wrong with them. */
function filtersOf(resource: AdminResource, query: URLSearchParams): Filter[] | string {
  const filters: Filter[] = [];
  try {
    const name = query.get('name');
    if (name !== null) {
      const pattern = compilePattern(name);
      filters.push(({ value }) => typeof value.name === 'string' && pattern.test(bytesOf(value.name)));
    }
    const uri = query.get('uri');
    if (uri !== null) {
      const pattern = compilePattern(uri);
      filters.push(({ value }) =>
        [value.uri, value.uris]
          .flat()
          .some((each) => typeof each === 'string' && pattern.test(bytesOf(each))),
      );
    }
  } catch (error) {
    return (error as Error).message;
  }
  const label = query.get('label');
  if (label !== null) filters.push(({ value }) => Object.hasOwn(value.labels ?? {}, label));
  for (const [field, wanted] of new URLSearchParams(query.get('filter') ?? '')) {
    if (resource.filterFields?.includes(field)) filters.push(({ value }) => value[field] === wanted);
  }
  return filters;
}
