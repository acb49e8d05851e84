"""What your-service does with a task."""

from service import log


class Rejection(Exception):
    """The event can never be dealt with: it goes to the dead letters."""


def work(data, correlation_id):
    """
    Does one task; its data is to be as event-schemas/your_service_task.json says. It is acknowledged when this returns, and
    tried again after an error, a few times. A task may come twice: what it does must be the same then.
    """
    task = data.get('task') if isinstance(data, dict) and set(data) == {'task'} else None
    if not isinstance(task, str) or not 1 <= len(task) <= 200 or task.strip() == '':
        raise Rejection('expected {"task": "..."}, of 1 to 200 characters; see event-schemas/your_service_task.json')
    log('info', 'did a task', {'task': task.strip()}, correlation_id)
