from rounds import Rounds
from service import Service
from work import work

service = Service()
rounds = Rounds(work, service)
service.run(ready=lambda *_: rounds.start())
