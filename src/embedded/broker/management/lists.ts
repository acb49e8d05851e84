import { type Answer, badRequest, ManagementError, ok, type Request } from './resource.ts';

type Item = Record<string, unknown>;

const DEFAULT_PAGE_SIZE = 100;
const LARGEST_PAGE_SIZE = 500;

/**
 * A list as the query asks for it: sorted by default keys, `columns`, `sort`, `sort_reverse`, and pages
 * (`page`, `page_size`, `name`, `use_regex`).
 */
export function list({ query }: Request, items: Item[], defaultSort: readonly string[]): Answer {
  const sort = query.get('sort');
  const keys = sort === null || sort === '' ? defaultSort : [sort, ...defaultSort];
  const sorted = [...items].sort((a, b) => compare(a, b, keys));
  if (query.get('sort_reverse') === 'true') sorted.reverse();
  const page = query.get('page');
  if (page === null) return ok(sorted.map((item) => columns(query, item)));
  return ok(paginate(query, sorted, Number(page)));
}

/** One object with the columns that the query asks for. */
export function columns(query: URLSearchParams, item: Item): Item {
  const wanted = query.get('columns')?.split(',');
  if (wanted === undefined) return item;
  return Object.fromEntries(
    Object.entries(item).filter(([key]) => wanted.some((path) => path.split('.')[0] === key)),
  );
}

function paginate(query: URLSearchParams, items: Item[], page: number): Item {
  const size = Number(query.get('page_size') ?? DEFAULT_PAGE_SIZE);
  if (!Number.isInteger(page) || !Number.isInteger(size) || page < 1 || size < 1 || size > LARGEST_PAGE_SIZE)
    throw new ManagementError(
      400,
      'invalid_pagination_parameters',
      `Invalid pagination parameters: page number ${page}, page size ${size}`,
    );
  const filtered = items.filter(byName(query));
  const pages = Math.ceil(filtered.length / size);
  if (page > Math.max(pages, 1))
    throw new ManagementError(
      400,
      'page_out_of_range',
      `Page out of range, page: ${page} page size: ${size}, len: ${filtered.length}`,
    );
  const shown = filtered.slice((page - 1) * size, page * size);
  return {
    filtered_count: filtered.length,
    item_count: shown.length,
    items: shown.map((item) => columns(query, item)),
    page,
    page_count: pages,
    page_size: size,
    total_count: items.length,
  };
}

function byName(query: URLSearchParams): (item: Item) => boolean {
  const wanted = query.get('name') ?? '';
  if (wanted === '') return () => true;
  if (query.get('use_regex') !== 'true')
    return (item) => String(item.name).toLowerCase().includes(wanted.toLowerCase());
  try {
    const pattern = new RegExp(wanted, 'i');
    return (item) => pattern.test(String(item.name));
  } catch {
    throw badRequest('the name is no regular expression');
  }
}

function compare(a: Item, b: Item, keys: readonly string[]): number {
  for (const key of keys) {
    const [x, y] = [a[key] ?? 0, b[key] ?? 0];
    if (typeof x === 'number' && typeof y === 'number' && x !== y) return x - y;
    const [left, right] = [String(x), String(y)];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}
