import type { Breaks } from '../../model/contract.ts';

export const NONE: Breaks[] = [];
export const BACKWARD: Breaks[] = ['backward'];
export const FORWARD: Breaks[] = ['forward'];
export const BOTH: Breaks[] = ['backward', 'forward'];

/** Takes down one difference of a field. */
export type Note = (what: string, breaks: Breaks[]) => void;
