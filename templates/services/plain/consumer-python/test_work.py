import unittest

from work import Rejection, work

WRONG = [None, [], {}, {'task': ''}, {'task': '  '}, {'task': 'x' * 201}, {'task': 1}, {'task': 'a', 'more': 1}]

try:
    from consumer import event_in
except ImportError:  # without pika
    event_in = None


class Work(unittest.TestCase):
    def test_does_a_task(self):
        work({'task': 'tidy up'}, 'c-1')

    def test_rejects_what_is_not_as_its_contract_says(self):
        for data in WRONG:
            with self.subTest(data=data), self.assertRaises(Rejection):
                work(data, 'c-1')


@unittest.skipIf(event_in is None, 'pika is not installed')
class Events(unittest.TestCase):
    def test_takes_events_of_its_own_alone(self):
        event = event_in(b'{"type": "your_service_task", "data": {"task": "tidy up"}}')
        self.assertEqual(event['data'], {'task': 'tidy up'})
        for body in (b'', b'\xff', b'[]', b'{}', b'{"type": "another", "data": {}}'):
            with self.subTest(body=body), self.assertRaises(Rejection):
                event_in(body)
        self.assertEqual(event_in(b'{"task": "tidy up"}', 'none')['data'], {'task': 'tidy up'})


if __name__ == '__main__':
    unittest.main()
