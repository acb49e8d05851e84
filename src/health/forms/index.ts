import type { HealthForm } from '../document-form.ts';
import { actuator } from './actuator.ts';
import { aspnet } from './aspnet.ts';
import { goHealth } from './go-health.ts';
import { healthJson } from './health-json.ts';
import { microprofile } from './microprofile.ts';
import { plain } from './plain.ts';
import { qbtc } from './qbtc.ts';
import { terminus } from './terminus.ts';

/** All forms of health documents, the particular before the general. */
export const FORMS: readonly HealthForm[] = [
  qbtc,
  healthJson,
  microprofile,
  terminus,
  actuator,
  aspnet,
  goHealth,
  plain,
];
