import * as z from 'zod';
import type { Context } from '../../context.ts';
import { checkScale, parseProviders, parseScale } from '../../lifecycle/choosing.ts';
import { chooseParts } from '../../lifecycle/named.ts';
import { openStackHere } from '../../lifecycle/open.ts';
import { sayOtherTemplate } from '../../lifecycle/other-template.ts';
import { sayWhichWereMade } from '../../lifecycle/own-secrets.ts';
import type { UpOptions } from '../../lifecycle/up.ts';
import { STRATEGIES } from '../../model/resource.ts';
import type { Stack } from '../../model/stack.ts';
import { PORT_BASE, READY_TIMEOUT } from '../bounds.ts';
import { numberIn } from '../operation.ts';

/** What a start is asked with, whether it goes on or not. */
export const upInput = {
  names: z.array(z.string()).default([]),
  strategy: z.enum(STRATEGIES).exactOptional(),
  provider: z.array(z.string()).default([]),
  scale: z.array(z.string()).default([]),
  portBase: numberIn(PORT_BASE).exactOptional(),
  apply: z.boolean().default(true),
  timeout: numberIn(READY_TIMEOUT).default(READY_TIMEOUT.default),
  acceptLoss: z.boolean().default(false),
  install: z.boolean().default(true),
};

type Given = z.output<z.ZodObject<typeof upInput>>;

/** Opens the stack as it is to be started. */
export async function openForUp(
  context: Context,
  { scale, portBase }: Pick<Given, 'scale' | 'portBase'>,
  readOnly = false,
): Promise<Stack> {
  const base = portBase === undefined ? {} : { portBase };
  const options = { readOnly, scale: parseScale(scale), ...base };
  const stack = await sayWhichWereMade(context, () => openStackHere(context, options));
  await sayOtherTemplate(context, stack.root);
  return stack;
}

/** What it is asked with, checked against the stack, as `up` takes it. */
export function upOptions(stack: Stack, given: Given): UpOptions & { only: readonly string[] } {
  const { names, strategy, provider, apply, timeout, acceptLoss, install } = given;
  const scale = parseScale(given.scale);
  checkScale(stack, scale);
  const placement = {
    providers: parseProviders(stack, provider),
    ...(strategy === undefined ? {} : { strategy }),
  };
  return {
    apply,
    timeoutMs: timeout * 1000,
    acceptLoss,
    install,
    placement,
    only: chooseParts(stack, names),
    scale,
  };
}
