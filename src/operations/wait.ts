import * as z from 'zod';
import { EXIT } from '../errors.ts';
import { chooseProcesses } from '../lifecycle/named.ts';
import { waitFor } from '../lifecycle/wait.ts';
import type { WaitCondition } from '../model/wait.ts';
import { POINTS, WAIT_TIMEOUT } from './bounds.ts';
import { numberIn, operationOf } from './operation.ts';

const WORDS = `healthy, score=POINTS from ${POINTS.min} to ${POINTS.max}, or flow=TAG`;

export const operation = operationOf({
  effect: 'changes',
  input: {
    names: z.array(z.string()).default([]),
    for: z.array(z.string().refine((text) => conditionOf(text) !== undefined, { error: WORDS })).default([]),
    timeout: numberIn(WAIT_TIMEOUT).default(WAIT_TIMEOUT.default),
  },
  documents: ['waited'],
  async run(context, stack, { names, for: words, timeout }) {
    chooseProcesses(stack, names);
    const asked = words.flatMap((word) => conditionOf(word) ?? []);
    const others = asked.filter(({ kind }) => kind !== 'healthy');
    const isForHealth = names.length > 0 || others.length === 0 || others.length < asked.length;
    const conditions = [...(isForHealth ? [{ kind: 'healthy' as const, names }] : []), ...others];
    const result = await waitFor(context, stack, conditions, Math.round(timeout * 1000));
    return { document: { kind: 'waited', ...result }, exit: result.met ? EXIT.done : EXIT.timeout };
  },
});

function conditionOf(text: string): WaitCondition | undefined {
  if (text === 'healthy') return { kind: 'healthy', names: [] };
  const [, kind, value = ''] = /^(score|flow)=(.+)$/s.exec(text) ?? [];
  if (kind === 'flow') return { kind, tag: value };
  const points = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  return kind === 'score' && points >= POINTS.min && points <= POINTS.max ? { kind, points } : undefined;
}
