/**
 * Who cannot read whom after a change. `backward`: who has the new contract refuses events of the old one, which may
 * still wait in queues. `forward`: who still has the old contract refuses events of the new one.
 */
export type Breaks = 'backward' | 'forward';

export const NONE: Breaks[] = [];
export const BACKWARD: Breaks[] = ['backward'];
export const FORWARD: Breaks[] = ['forward'];
export const BOTH: Breaks[] = ['backward', 'forward'];

/** Takes down one difference of a field. */
export type Note = (what: string, breaks: Breaks[]) => void;
