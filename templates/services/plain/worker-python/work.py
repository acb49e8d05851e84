"""The work of one round."""

from service import log


def work(ending, correlation_id):
    """`ending` is an event that is set when the service ends: a round that takes long should come to an end then."""
    log('debug', 'nothing to do yet', None, correlation_id)
