import { Consumer } from './consumer.ts';
import { Service } from './service.ts';
import { work } from './work.ts';

const service = new Service();
const consumer = new Consumer('q_your_service_task', work, service);
void service.run().then(() => consumer.start());
