import json
import threading
import time
import unittest
import urllib.error
import urllib.request

from api import greet, routes
from service import Refused, Server, Service, correlation_id_of

WRONG = [None, [], 'Ada', {}, {'name': ''}, {'name': 'x' * 101}, {'name': 1}, {'name': 'Ada', 'age': 36}, {'__proto__': 1}]


class Api(unittest.TestCase):
    def test_greets_by_name(self):
        self.assertEqual(greet({'name': 'Ada'}), {'message': 'Hello, Ada'})

    def test_refuses_what_is_not_as_openapi_json_says(self):
        for asked in WRONG:
            with self.subTest(asked=asked), self.assertRaises(Refused):
                greet(asked)


class Http(unittest.TestCase):
    def setUp(self):
        service = Service()
        service.routes.update(routes())
        self.server = Server(('127.0.0.1', 0), service)
        threading.Thread(target=self.server.serve_forever, kwargs={'poll_interval': 0.01}).start()
        self.addCleanup(self.server.end)

    def ask(self, path, body=None, headers=None):
        url = f'http://127.0.0.1:{self.server.server_address[1]}{path}'
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}), timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def test_answers_under_the_correlation_id_that_it_is_asked_with(self):
        status, headers, body = self.ask(
            '/api/your-service/greetings', b'{"name": "Ada"}', {'X-Correlation-Id': 'c-1'}
        )
        self.assertEqual((status, headers['X-Correlation-Id']), (200, 'c-1'))
        self.assertEqual(json.loads(body), {'message': 'Hello, Ada'})

    def test_refuses_what_is_not_json(self):
        for body in (b'{', b'\xff', b''):
            with self.subTest(body=body):
                self.assertEqual(self.ask('/api/your-service/greetings', body)[0], 400)

    def test_says_how_it_does(self):
        status, _, body = self.ask('/health')
        self.assertEqual((status, json.loads(body)['checks']['memory']['status']), (200, 'healthy'))
        self.ask('/nothing')
        counted = b'http_request_duration_seconds_count{method="GET",route="unknown",status="404"} 1'
        # It is counted once it is answered.
        deadline = time.monotonic() + 30
        metrics = b''
        while counted not in metrics and time.monotonic() < deadline:
            _, _, metrics = self.ask('/metrics')
        self.assertIn(counted, metrics)

    def test_takes_no_other_words_for_a_correlation_id(self):
        for outside in (None, '', 'a b', 'x' * 129, 'a\n', 'ä'):
            self.assertNotEqual(correlation_id_of(outside), outside)


if __name__ == '__main__':
    unittest.main()
