"""Does the work again and again, never twice at a time."""

import os
import threading
import time

from service import correlation_id_of, log


class Rounds:
    """The next round begins so long after the last one is over. One that fails is told and counted, and the next is tried."""

    def __init__(self, work, service, every_seconds=None):
        self._work = work
        self._metrics = service.metrics
        self._every = every_seconds or float(os.environ.get('EVERY_MS') or 10_000) / 1000
        self._ending = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, name='rounds')
        service.health.add('rounds', self.check, 'degraded')
        service.on_end('rounds', self.end)

    def start(self):
        self._thread.start()

    def check(self):
        if self._failure is not None:
            raise RuntimeError(f'the last round failed: {self._failure}')

    def end(self):
        """No further round; returns when the present one is over."""
        self._ending.set()
        self._thread.join()

    def _run(self):
        while not self._ending.is_set():
            self._round()
            self._ending.wait(self._every)

    def _round(self):
        correlation_id = correlation_id_of(None)
        began = time.monotonic()
        try:
            self._work(self._ending, correlation_id)
        except Exception as error:  # it is told, and the next round may do better
            self._failure = repr(error)
            log('error', 'a round failed', {'error': self._failure}, correlation_id)
        else:
            self._failure = None
            log('info', 'did a round', {'ms': round((time.monotonic() - began) * 1000)}, correlation_id)
        outcome = 'done' if self._failure is None else 'failed'
        self._metrics.count('your_service_rounds_total', 'Rounds of work, by their outcome', outcome=outcome)
