import * as z from 'zod';
import { CHECK_CODES, SCORE_PROFILES } from '../../model/score.ts';
import { SCORE_COMPONENTS } from '../../model/stack.ts';
import { filled, whole } from '../fields.ts';
import type { Rule } from '../rule.ts';

/** Points of a component; the rules see to it that they add up. */
const points = (fallback: number, subject: string) =>
  whole(0, 100).default(fallback).describe(`Points of ${subject}.`);

const weightsSchema = z.strictObject({
  infrastructure: points(30, 'the resources: each answers its protocol with its credentials'),
  discovery: points(25, 'the services: each is found, and answers as itself'),
  routes: points(20, 'the routes: nothing to sync, each answers'),
  connectivity: points(15, 'the flows: each hop was seen'),
  monitoring: points(10, 'logs, health details and metrics'),
});

const DAY = /^\d{4}-\d{2}-\d{2}$/;

const ignoreSchema = z.strictObject({
  check: z
    .enum(CHECK_CODES, { error: 'the code of a check' })
    .describe('The code of the check, as `qbtc score` prints it.'),
  subject: filled('a subject').optional().describe('Only this subject of the check; all when left out.'),
  reason: filled('a reason').describe('Why these points may be missing.'),
  until: z
    .string()
    .refine((day) => DAY.test(day) && !Number.isNaN(Date.parse(day)), { error: 'a day, as 2030-12-31' })
    .describe('The last day on which this holds, as 2030-12-31.'),
});

export const score = z
  .strictObject({
    target: whole(0, 100).default(85).describe('The score that the stack should reach.'),
    profile: z
      .enum(SCORE_PROFILES)
      .optional()
      .describe(
        'By which rules the stack is judged. `qbtc`: all that `qbtc new` brings is asked for. `foreign`: what the stack declares; the rest is out of the total. Left out, it is `qbtc` where a service is built on the runtime that `qbtc new` writes.',
      ),
    weights: weightsSchema.prefault({}).describe('How the 100 points are shared out among the components.'),
    ignore: z
      .array(ignoreSchema)
      .default([])
      .describe('Lost points that are set aside for a time; the score is shown with and without them.'),
  })
  .prefault({})
  .describe('What `qbtc score` counts.');

export const weightsAddUp: Rule = ({ score: given }, report) => {
  const defaults = score.parse(undefined).weights;
  const weights = SCORE_COMPONENTS.map((name) => given.weights?.[name] ?? defaults[name]);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum !== 100) report(['score', 'weights'], `weights of ${sum} in all`, '100 in all', { key: true });
};
