import type { HealthDetail } from '../../model/observation.ts';
import { isRecord } from '../../record.ts';
import { detailFrom, type HealthForm } from '../document-form.ts';

/** Spring Boot's Actuator: `{"status":"UP","components":{"db":{"status":"UP","components":{"primary":{"status":"UP"}}}}}`. */
export const actuator: HealthForm = {
  name: 'Actuator',
  read: ({ components }) => (isRecord(components) ? within(components) : undefined),
};

/** Nobody nests them deeper; a document may, and is not to end whoever reads it. */
const DEEPEST = 8;

/** A component with components of its own is told by these. */
function within(components: Readonly<Record<string, unknown>>, outer = '', depth = 1): HealthDetail[] {
  return Object.entries(components).flatMap(([name, component]) => {
    const path = `${outer}${name}`;
    const inner = isRecord(component) && depth < DEEPEST ? component.components : undefined;
    return isRecord(inner) ? within(inner, `${path}/`, depth + 1) : (detailFrom(path, component) ?? []);
  });
}
