import { ROUTES } from './api.js';
import { Service } from './service.js';

const service = new Service();
for (const [request, route] of Object.entries(ROUTES)) service.routes.set(request, route);
void service.run();
