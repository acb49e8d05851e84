"""What your-service stands on: its log, health, metrics and HTTP server, and an end in order. The standard library alone."""

import json
import os
import re
import signal
import socket
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

try:
    import resource
except ImportError:  # Windows has none
    resource = None

VERSION = '0.1.0'
NAME = os.environ.get('SERVICE_NAME') or 'your-service'
LONGEST_BODY = 1024 * 1024
"""Bytes of a request."""
IDLE_SECONDS = 75
"""How long a connection may say nothing."""
MOST_MEMORY = 512 * 1024 * 1024
CORRELATION_ID = re.compile(r'[A-Za-z0-9._:-]{1,128}')

_writing = threading.Lock()


def log(level, message, context=None, correlation_id=None):
    """Writes one line, as event-schemas/log_line.json of a stack that qbtc makes says."""
    now = datetime.now(timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
    line = {'timestamp': now, 'service': NAME, 'level': level, 'message': message, 'context': context or {}}
    if correlation_id is not None:
        line['correlation_id'] = correlation_id
    with _writing:
        sys.stdout.write(json.dumps(line) + '\n')
        sys.stdout.flush()


def correlation_id_of(outside):
    """What came from outside if it is fit to be a correlation id, or else a new one."""
    if isinstance(outside, str) and CORRELATION_ID.fullmatch(outside):
        return outside
    return str(uuid.uuid4())


class Metrics:
    """Counters, and how long things took, in the text format of Prometheus."""

    def __init__(self):
        self._lock = threading.Lock()
        self._help = {}
        self._values = {}

    def count(self, name, about, amount=1, **labels):
        self._add('counter', name, about, {name: amount}, labels)

    def observe(self, name, about, seconds, **labels):
        self._add('summary', name, about, {f'{name}_sum': seconds, f'{name}_count': 1}, labels)

    def _add(self, kind, name, about, amounts, labels):
        shown = ','.join(f'{key}={json.dumps(str(value))}' for key, value in sorted(labels.items()))
        with self._lock:
            self._help[name] = (kind, about)
            series = self._values.setdefault(name, {})
            for sample, amount in amounts.items():
                key = f'{sample}{{{shown}}}'
                series[key] = series.get(key, 0) + amount

    def text(self):
        lines = []
        with self._lock:
            for name, (kind, about) in self._help.items():
                lines += [f'# HELP {name} {about}', f'# TYPE {name} {kind}']
                lines += [f'{key} {value}' for key, value in self._values[name].items()]
        lines += [
            '# HELP process_uptime_seconds Since the process was started',
            '# TYPE process_uptime_seconds gauge',
            f'process_uptime_seconds {uptime()}',
        ]
        return '\n'.join(lines) + '\n'


_started = time.monotonic()


def uptime():
    return round(time.monotonic() - _started, 3)


class Health:
    """How the service does: what each of its checks says. One that fails raises the reason."""

    def __init__(self):
        self._checks = {'memory': (check_memory, 'degraded')}
        self.ending = False

    def add(self, name, check, when_failing):
        """Without it the service cannot work ('unhealthy'), or works less well ('degraded')."""
        self._checks[name] = (check, when_failing)

    def report(self):
        found = {}
        for name, (check, when_failing) in list(self._checks.items()):
            began = time.monotonic()
            result = {'status': 'healthy'}
            try:
                check()
            except Exception as error:  # whatever is wrong is what is told
                result = {'status': when_failing, 'reason': str(error)}
            found[name] = {**result, 'latency_ms': round((time.monotonic() - began) * 1000, 2)}
        states = [result['status'] for result in found.values()]
        status = next((each for each in ('unhealthy', 'degraded') if each in states), 'healthy')
        document = {
            'service': NAME,
            'status': 'unhealthy' if self.ending else status,
            'version': VERSION,
            'uptime_seconds': uptime(),
            'checks': found,
        }
        return {**document, 'reason': 'the service is ending'} if self.ending else document


def check_memory():
    if resource is None:
        return
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)
    if used > MOST_MEMORY:
        raise RuntimeError(f'it has used {used // 1024 // 1024} MiB')


class Refused(Exception):
    """An answer to a request that cannot be done."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status = status
        self.code = code


class Request:
    def __init__(self, method, path, body, correlation_id):
        self.method = method
        self.path = path
        self.body = body
        self.correlation_id = correlation_id

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refused(400, 'bad_request', 'the body is not JSON') from error


class Handler(BaseHTTPRequestHandler):
    """One connection: its requests, one after the other."""

    protocol_version = 'HTTP/1.1'
    timeout = IDLE_SECONDS
    # Head and body of an answer leave together.
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle_one_request(self):
        self.server.idle.add(self.connection)
        if self.server.service.health.ending:
            # What was sent already is answered; nothing more is waited for.
            self.connection.settimeout(0.2)
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True
        finally:
            self.server.idle.discard(self.connection)

    def parse_request(self):
        self.server.idle.discard(self.connection)
        return super().parse_request()

    def answer(self):
        service = self.server.service
        path = self.path.split('?', 1)[0]
        quiet = path in ('/health', '/metrics')
        began = time.monotonic()
        correlation_id = correlation_id_of(self.headers.get('X-Correlation-Id'))
        route = service.routes.get((self.command, path))
        content_type = 'application/json'
        try:
            body = self.read_body()
            if (self.command, path) == ('GET', '/metrics'):
                status, content, content_type = 200, service.metrics.text().encode(), 'text/plain; version=0.0.4'
            elif (self.command, path) == ('GET', '/health'):
                document = service.health.report()
                status, content = (503 if document['status'] == 'unhealthy' else 200), encoded(document)
            elif route is None:
                raise Refused(404, 'not_found', f'there is no {self.command} {path}')
            else:
                status, content = 200, encoded(route(Request(self.command, path, body, correlation_id)))
        except Refused as refused:
            status = refused.status
            content = encoded({'error': {'code': refused.code, 'message': str(refused)}})
        except Exception as error:  # a mistake in a route ends neither the connection nor the service
            log('error', 'a request failed', {'error': repr(error)}, correlation_id)
            status, content = 500, encoded({'error': {'code': 'internal', 'message': 'something went wrong'}})
        self.send_response(status)
        self.send_header('Content-Type', content_type)
        self.send_header('Content-Length', str(len(content)))
        self.send_header('X-Correlation-Id', correlation_id)
        if service.health.ending:
            self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()
        seconds = time.monotonic() - began
        # Not the path as it came: whoever asks for many different ones would fill the memory.
        known = path if route is not None or quiet else 'unknown'
        service.metrics.observe(
            'http_request_duration_seconds',
            'Time to answer an HTTP request',
            seconds,
            method=self.command,
            route=known,
            status=status,
        )
        if not quiet:
            context = {'method': self.command, 'route': known, 'status': status, 'ms': round(seconds * 1000, 2)}
            log('info', 'answered a request', context, correlation_id)

    def read_body(self):
        if 'Transfer-Encoding' in self.headers:
            self.close_connection = True
            raise Refused(411, 'length_required', 'a body needs a Content-Length')
        length = self.headers.get('Content-Length', '0')
        if not re.fullmatch('[0-9]{1,10}', length) or int(length) > LONGEST_BODY:
            self.close_connection = True
            raise Refused(413, 'too_large', f'a body has at most {LONGEST_BODY} bytes')
        return self.rfile.read(int(length))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def send_error(self, code, message=None, explain=None):
        """What is no request gets an answer of the same form."""
        content = encoded({'error': {'code': 'bad_request', 'message': message or 'not a request'}})
        self.close_connection = True
        # What could not be read is taken for HTTP/0.9, which has no head.
        self.request_version = self.protocol_version
        self.send_response(code)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(content)))
        self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    # What is in work at the end is waited for.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address, service):
        self.service = service
        self.idle = set()
        super().__init__(address, Handler)

    def handle_error(self, request, client_address):
        log('warn', 'a connection broke off', {'error': repr(sys.exc_info()[1])})

    def end(self):
        """No new connections; those in use are closed after their answer."""
        self.shutdown()
        for connection in list(self.idle):
            try:
                connection.shutdown(socket.SHUT_RD)
            except OSError:
                pass
        self.server_close()


def encoded(value):
    return json.dumps(value).encode()


class Service:
    """Add routes, checks and what is to be ended; then `run` it until SIGTERM or SIGINT."""

    def __init__(self):
        self.metrics = Metrics()
        self.health = Health()
        self.routes = {}
        self._ends = []

    def on_end(self, name, end):
        """Ends run one after the other, the last added first, before the HTTP server's."""
        self._ends.append((name, end))

    def run(self, ready=None):
        began = time.monotonic()
        over = threading.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: over.set())
        host, port = os.environ.get('HOST') or '127.0.0.1', int(os.environ.get('PORT') or 0)
        server = Server((host, port), self)
        serving = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.1}, name='http')
        serving.start()
        url = f'http://{host}:{server.server_address[1]}'
        log('info', 'listening', {'url': url, 'ms': round((time.monotonic() - began) * 1000)})
        if ready is not None:
            ready(url, over)
        over.wait()
        log('info', 'ending')
        self.health.ending = True
        late = threading.Timer(float(os.environ.get('SHUTDOWN_TIMEOUT_MS') or 10_000) / 1000, give_up)
        late.daemon = True
        late.start()
        for name, end in reversed([('http', server.end), *self._ends]):
            try:
                end()
            except Exception as error:
                log('warn', f'could not end in order: {name}', {'error': repr(error)})
        serving.join()
        late.cancel()
        log('info', 'ended')


def give_up():
    log('error', 'did not end in time')
    os._exit(1)
