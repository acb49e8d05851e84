import { compileEventTypes } from '@stack/runtime/events';
import schema from '../../event-schemas/your_service_task.json' with { type: 'json' };
import type { YourServiceTask } from './events.ts';

export const yourServiceTask = compileEventTypes({ your_service_task: schema })<YourServiceTask>(
  'your_service_task',
);
