import { ROUTES } from './api.ts';
import { Service } from './service.ts';

const service = new Service();
for (const [request, route] of Object.entries(ROUTES)) service.routes.set(request, route);
void service.run();
