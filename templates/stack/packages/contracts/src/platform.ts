import { compileEventTypes } from '@stack/runtime/events';
import webUiUpdateSchema from '../../../event-schemas/web_ui_update.json' with { type: 'json' };
import type { WebUiUpdate } from './events.ts';

export type { WebUiUpdate };

const eventType = compileEventTypes({ web_ui_update: webUiUpdateSchema });

export const webUiUpdate = eventType<WebUiUpdate>('web_ui_update');

/** Where the events go. */
export const WEB_UI_UPDATES = {
  exchange: 'qbtc.topic',
  routingKey: 'web.ui.update',
  queue: 'q_web_ui_updates',
};
