"""The API that openapi.json describes."""

import json
from pathlib import Path

from service import Refused

BASE = '/api/your-service'
DOCUMENT = json.loads(Path(__file__).with_name('openapi.json').read_text(encoding='utf-8'))


def routes():
    """What is answered to which method and path. An answer is JSON; what cannot be done is `Refused`."""
    return {
        ('GET', f'{BASE}/openapi.json'): lambda request: DOCUMENT,
        ('POST', f'{BASE}/greetings'): lambda request: greet(request.json()),
    }


def greet(asked):
    """A GreetingRequest becomes a Greeting."""
    name = asked.get('name') if isinstance(asked, dict) and set(asked) == {'name'} else None
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise Refused(400, 'bad_request', 'expected {"name": "..."}, of 1 to 100 characters; see openapi.json')
    return {'message': f'Hello, {name}'}
