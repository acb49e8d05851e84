import * as z from 'zod';
import { MAX_PORT } from './ports.ts';

/** What fields of several sections have in common. */

export const NAME = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
export const NAME_RULE = 'a name of lower-case letters, digits and hyphens, a letter first';
/** APISIX: `id` of any object. */
export const OBJECT_ID = /^[a-zA-Z0-9_.-]{1,64}$/;

export const name = () => z.string().regex(NAME, { error: NAME_RULE });

/** Text with something in it; a path that leads nowhere is told by the rules. */
export const filled = (what: string) => z.string().min(1, { error: what });

/** A path or a pattern of paths, or several. */
export const oneOrMore = (what: string) =>
  z.union([filled(what), z.array(filled(what))], { error: `${what} or a list of them` });

export const filePatterns = () => oneOrMore('a file pattern');

/** The path of a URL. */
export const path = () => z.string().regex(/^\//, { error: 'a path that starts with /' });

/** A whole number. `${PORT:-8000}` arrives as text and counts as the number that it spells. */
export function whole(min: number, max: number, what = 'a whole number') {
  const error = `${what} from ${min} to ${max}`;
  return z.preprocess(spelledOut, z.int({ error }).min(min, { error }).max(max, { error }));
}

/** A secret of the stack: one that qbtc makes, or one that people have from elsewhere and are asked for. */
export const secret = () =>
  z.union(
    [
      name(),
      z.strictObject({
        name: name().describe('The name of the secret: `${secrets.NAME}`.'),
        ask: filled('where it is to be had from').describe(
          'Where it is to be had from: it is not generated, but asked for, or set by `qbtc secrets set NAME`.',
        ),
      }),
    ],
    { error: `${NAME_RULE}, or a mapping with name and ask` },
  );

/** A text that looks like a number in YAML: `id: 1` is the id "1", as APISIX takes both. */
export function written<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (Number.isSafeInteger(value) ? String(value) : value), schema);
}

export function seconds() {
  const error = 'a number of seconds above 0';
  return z.preprocess(spelledOut, z.number({ error }).positive({ error }));
}

function spelledOut(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

export const port = () => whole(1, MAX_PORT, 'a port');

/** They become names of files, users and lines of `status`. */
export const NAME_MAX = 40;

/** A record by name; the names are the stack's own. */
export const named = <V extends z.ZodType>(value: V) =>
  z.record(
    name().refine((text) => text.length <= NAME_MAX, { error: `a name of at most ${NAME_MAX} characters` }),
    value,
  );

export const plugins = z
  .record(z.string(), z.record(z.string(), z.unknown()))
  .describe("Plugins by name, each with APISIX's own configuration (`{}` for none).");

export const labels = z
  .record(z.string(), z.string())
  .describe('Labels of your own; those of qbtc are added.');

/** Variables by name. */
export const environment = () =>
  z.record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a variable name' }),
    // Read as text whatever it looks like (`document.ts`); an editor sees a number or a boolean.
    z.string().meta({ type: ['string', 'number', 'boolean'] }),
  );
