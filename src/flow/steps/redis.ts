import * as z from 'zod';
import { messageOf } from '../../errors.ts';
import { jsonText, parseJson } from '../../json.ts';
import { resourceOfKind } from '../../resources/facts.ts';
import { conditionSchema, jsonConditionsSchema, jsonMismatches, mismatch } from '../conditions.ts';
import { durationSchema } from '../duration.ts';
import { type JsonValue, parsedJson } from '../json-path.ts';
import { exactNumberSchema } from '../json-value.ts';
import { type Look, poll } from '../poll.ts';
import { defineStepKind } from '../step-kind.ts';

/** Commands that only look: a flow must not change what a service keeps. */
const READS =
  /^(get|mget|exists|type|ttl|pttl|strlen|hget|hmget|hgetall|hlen|hexists|llen|lrange|scard|smembers|sismember|zcard|zscore|zrange|xlen|xrange|dbsize|keys)$/i;

/** Asks Redis again and again until its reply is as expected or the time is over. */
export const redis = defineStepKind({
  acts: false,
  shape: {
    /** The resource of the kind `redis`; the stack's first one when left out. */
    resource: z.string().optional(),
    /** `[GET, some:key]` */
    command: z
      .array(z.union([z.string(), exactNumberSchema]))
      .min(1)
      .refine(([name]) => READS.test(String(name)), {
        error: 'a command that only reads, such as GET, EXISTS, TTL or HGETALL',
      }),
    /** Conditions on the reply: as it is (`value`), or as the JSON that it holds (`json`). */
    expect: z
      .strictObject({ value: conditionSchema.optional(), json: jsonConditionsSchema.optional() })
      .default({ value: { exists: true } }),
    every: durationSchema.default(100),
    within: durationSchema.default(5_000),
  },
  prepare: ({ resource, command: template, expect: expectation, every, within }) => ({
    async run(scope) {
      const cache = resourceOfKind(scope.stack, 'redis', resource);
      if (cache === undefined)
        return { status: 'failed', evidence: 'the stack declares no such redis resource' };
      const [name = '', ...args] = scope.fill(template);
      const expected = scope.fill(expectation);
      try {
        const connection = await scope.caches.connection(cache);
        const result = await poll(scope, { every, within }, async (): Promise<Look<JsonValue>> => {
          const reply = toJson(await connection.command(String(name), ...args.map(String)));
          const inner = typeof reply === 'string' ? (parsedJson(reply) ?? reply) : (reply ?? undefined);
          const reasons = [
            expected.value === undefined
              ? undefined
              : mismatch('the reply', reply === null ? undefined : reply, expected.value),
            ...jsonMismatches(inner, expected.json),
          ].filter((reason) => reason !== undefined);
          return reasons.length === 0 ? { found: inner ?? reply } : { last: reasons.join('; ') };
        });
        if ('last' in result) return { status: 'failed', evidence: result.last };
        const seenAt = scope.context.clock.monotonic();
        return { status: 'passed', seenAt, evidence: `${name} replied as expected`, document: result.found };
      } catch (error) {
        const evidence = `the cache could not be asked: ${messageOf(error)}`;
        return { status: 'failed', blame: cache.name, evidence };
      }
    },
  }),
});

function toJson(reply: unknown): JsonValue {
  return parseJson(jsonText(reply ?? null));
}
