import { compileEventTypes } from '@stack/runtime/events';
import webUiUpdateSchema from '../../../event-schemas/web_ui_update.json' with { type: 'json' };
import type { WebUiUpdate } from './events.ts';

export type { WebUiUpdate };

const eventType = compileEventTypes({ web_ui_update: webUiUpdateSchema });

export const webUiUpdate = eventType<WebUiUpdate>('web_ui_update');
