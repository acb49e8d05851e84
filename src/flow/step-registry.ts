import type { StepKind } from './step-kind.ts';
import { answer } from './steps/answer.ts';
import { event } from './steps/event.ts';
import { http } from './steps/http.ts';
import { sql } from './steps/sql.ts';

/** The kinds of steps, by the `kind` that names each in a flow file. */
export const STEP_KIND_NAMES = ['http', 'answer', 'event', 'sql'] as const;
export type StepKindName = (typeof STEP_KIND_NAMES)[number];

export const STEP_KINDS: Record<StepKindName, StepKind> = { http, answer, event, sql };
