from consumer import Consumer
from service import Service
from work import work

service = Service()
consumer = Consumer('q_your_service_task', work, service)
service.run(ready=lambda *_: consumer.start())
