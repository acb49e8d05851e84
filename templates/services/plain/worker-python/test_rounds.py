import threading
import unittest

from rounds import Rounds
from service import Service
from work import work

SOON = 10


class RoundsTest(unittest.TestCase):
    def test_goes_on_after_a_round_that_failed_and_says_so_meanwhile(self):
        failed, mended, done = threading.Event(), threading.Event(), threading.Event()
        seen = []

        def sometimes(ending, correlation_id):
            seen.append(correlation_id)
            if mended.is_set():
                if len(seen) > 2:
                    done.set()
                return
            if len(seen) > 1:
                failed.set()
                mended.wait(SOON)
            raise ValueError('no')

        service = Service()
        rounds = Rounds(sometimes, service, every_seconds=0.001)
        rounds.start()
        self.assertTrue(failed.wait(SOON))
        with self.assertRaises(RuntimeError):
            rounds.check()
        mended.set()
        self.assertTrue(done.wait(SOON))
        rounds.end()
        rounds.check()
        self.assertEqual(len(seen), len(set(seen)))
        self.assertIn('your_service_rounds_total{outcome="failed"}', service.metrics.text())

    def test_its_work_can_be_done(self):
        work(threading.Event(), 'c-1')


if __name__ == '__main__':
    unittest.main()
