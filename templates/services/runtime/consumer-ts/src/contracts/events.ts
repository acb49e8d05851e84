// Generated from the contracts in event-schemas/ by `qbtc events types`: change them, and run it again.

/** Asks your-service to do a task. */
export interface YourServiceTask {
  /** What is to be done. */
  task: string;
}

/** The data of every event, by its name. */
export interface EventData {
  your_service_task: YourServiceTask;
}

export type EventName = keyof EventData;

/** Where events go, and from which queue those who share them take them; an answer goes to whoever has asked. */
export const DESTINATIONS = {
  your_service_task: {
    exchange: 'qbtc.topic',
    routingKey: 'your-service.task',
    queue: 'q_your_service_task',
  },
} as const;

/** The schema of each event, with its major version. */
export const SCHEMAS = {
  your_service_task: 'urn:qbtc:event:your_service_task:1',
} as const;
