import { compileEventTypes } from '@stack/runtime/events';
import schema from '../../event-schemas/your_service_task.json' with { type: 'json' };

/** What event-schemas/your_service_task.json says, and where it says that the event goes. */
export const yourServiceTask = compileEventTypes({ your_service_task: schema })('your_service_task');
export const { 'x-queue': QUEUE } = schema;
