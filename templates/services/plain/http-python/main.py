from api import routes
from service import Service

service = Service()
service.routes.update(routes())
service.run()
