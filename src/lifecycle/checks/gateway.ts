import {
  askedOfJudge,
  desiredGateway,
  embeddedJudge,
  embeddedRefusals,
  lintGateway,
} from '../../gateway/index.ts';
import type { Finding } from '../../model/finding.ts';
import { resourceOfKind } from '../../resources/facts.ts';
import { readTextFile } from '../../text-file.ts';
import type { Check } from '../check.ts';
import { unlessSound } from '../sound.ts';

/**
 * What the gateway would refuse when all else runs: references to what is not declared, and plugins and fields that it
 * does not have. A plugin that nothing resembles may be the stack's own, in an APISIX that has it.
 */
export const gateway: Check = async (context, intent) => {
  const { stack, selection, plan, applies } = intent;
  const resource = resourceOfKind(selection, 'apisix');
  if (resource === undefined || !applies) return [];
  const desired = desiredGateway(stack);
  const isEmbedded = plan?.choices.some(
    (choice) => choice.resource === resource.name && choice.provider === 'embedded',
  );
  const findings = lintGateway(desired, stack).flatMap((finding): Finding[] => {
    if (finding.severity !== 'error') return [];
    if (finding.code !== 'unknown-plugin' || isEmbedded === true || finding.nearest !== undefined)
      return [finding];
    return [{ ...finding, severity: 'warning' }];
  });
  if (isEmbedded !== true) return findings;
  // The program names all that it loads by its content.
  const refused = await unlessSound(
    intent,
    'gateway',
    async () => [await readTextFile(embeddedJudge(context)), askedOfJudge(desired)],
    () => embeddedRefusals(context, desired, stack),
  );
  return [...findings, ...refused];
};
