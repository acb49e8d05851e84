"""Takes events from a queue of RabbitMQ, again and again over new connections, with pika."""

import json
import os
import threading
import time

import pika

from service import correlation_id_of, log
from work import Rejection

PREFETCH = 16
AGAIN_SECONDS = 1
"""After an error, and before the next try to connect."""


class Consumer:
    def __init__(self, queue, work, service):
        self._queue = queue
        self._work = work
        self._metrics = service.metrics
        self._ending = threading.Event()
        self._connection = None
        self._channel = None
        self._reason = 'not connected yet'
        self._thread = threading.Thread(target=self._run, name='consumer')
        service.health.add('broker', self.check, 'unhealthy')
        service.on_end('consumer', self.end)

    def start(self):
        self._thread.start()

    def check(self):
        if self._reason is not None:
            raise RuntimeError(self._reason)

    def end(self):
        """Takes nothing new, and returns when what was taken has been dealt with."""
        self._ending.set()
        connection = self._connection
        if connection is not None and connection.is_open:
            try:
                connection.add_callback_threadsafe(self._stop)
            except pika.exceptions.AMQPError:
                pass  # it has just gone away by itself
        self._thread.join()

    def _stop(self):
        self._channel.stop_consuming()

    def _run(self):
        while not self._ending.is_set():
            try:
                self._consume()
            except Exception as error:  # whatever it is, the next connection may do better
                self._reason = f'{type(error).__name__}: {error}'
                log('warn', 'the broker is away', {'reason': self._reason})
                self._ending.wait(AGAIN_SECONDS)
            finally:
                if self._connection is not None and self._connection.is_open:
                    self._connection.close()

    def _consume(self):
        self._connection = pika.BlockingConnection(pika.URLParameters(os.environ['AMQP_URL']))
        self._channel = self._connection.channel()
        self._channel.basic_qos(prefetch_count=PREFETCH)
        self._channel.basic_consume(self._queue, self._take)
        self._reason = None
        if not self._ending.is_set():
            self._channel.start_consuming()
        if not self._ending.is_set():
            raise RuntimeError('the queue is gone')

    def _take(self, channel, delivery, properties, body):
        began = time.monotonic()
        correlation_id = properties.correlation_id
        outcome = 'processed'
        try:
            event = event_in(body)
            correlation_id = correlation_id_of(event.get('correlationid', correlation_id))
            self._work(event['data'], correlation_id)
            channel.basic_ack(delivery.delivery_tag)
        except Rejection as rejection:
            outcome = 'dead_lettered'
            log('warn', 'dead-lettered a message', {'reason': str(rejection)}, correlation_id_of(correlation_id))
            channel.basic_nack(delivery.delivery_tag, requeue=False)
        except Exception as error:
            outcome = 'retried'
            log('error', 'trying a message again', {'error': repr(error)}, correlation_id_of(correlation_id))
            self._connection.sleep(AGAIN_SECONDS)
            # The queue dead-letters what has come back too often (x-delivery-limit).
            channel.basic_nack(delivery.delivery_tag, requeue=True)
        finally:
            self._metrics.observe(
                'bus_message_duration_seconds',
                'Time to process a message',
                time.monotonic() - began,
                source=self._queue,
                outcome=outcome,
            )


def event_in(body, envelope=os.environ.get('EVENTS_ENVELOPE')):
    """What a message holds: a CloudEvents envelope, or the data alone where the events of the stack have none."""
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Rejection('the message is not JSON') from error
    if envelope == 'none':
        return {'data': event}
    if not isinstance(event, dict) or event.get('type') != 'your_service_task' or 'data' not in event:
        raise Rejection('the message is no event your_service_task')
    return event
