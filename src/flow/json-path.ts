import { type JsonValue as QueriedJson, query } from 'jsonpath-rfc9535';
import parse from 'jsonpath-rfc9535/parser';
import * as z from 'zod';
import { messageOf } from '../errors.ts';
import { type JsonValue, parseJson, parseJsonBytes } from '../json.ts';

export type { JsonValue } from '../json.ts';

/** A JSONPath of RFC 9535, checked when the flow is read. */
export const jsonPathSchema = z.string().superRefine((path, issues) => {
  try {
    parse(path);
  } catch (error) {
    issues.addIssue({ code: 'custom', message: `a JSONPath (RFC 9535): ${messageOf(error)}` });
  }
});

/** Every value that the path selects, in document order; an empty list when it selects nothing. */
export function select(document: JsonValue | undefined, path: string): JsonValue[] {
  // Numbers beyond 2^53 are values like any other to it.
  return document === undefined ? [] : query(document as QueriedJson, path);
}

/** The JSON that a text or a message holds; `undefined` when it holds none. */
export function parsedJson(content: string | Buffer): JsonValue | undefined {
  try {
    return typeof content === 'string' ? parseJson(content) : parseJsonBytes(content);
  } catch {
    return undefined;
  }
}
