import { Consumer } from './consumer.js';
import { Service } from './service.js';
import { work } from './work.js';

const service = new Service();
const consumer = new Consumer('q_your_service_task', work, service);
void service.run().then(() => consumer.start());
