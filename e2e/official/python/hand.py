"""A hand inside the published Python SDK: reads one call a line, makes it, answers one line. It knows no method by name.

    PYTHONPATH=FOLDER python3 hand.py URL      FOLDER holds infisical_sdk

In: {"path": ["secrets", "list_secrets"], "args": [{keyword arguments}]}, or {"methods": true}.
Out: {"value": ...} or {"error": {...}}.
"""

import functools
import json
import sys

from infisical_sdk import InfisicalSDKClient

client = InfisicalSDKClient(host=sys.argv[1], cache_ttl=None)


def is_part(value):
    return type(value).__module__.startswith("infisical_sdk.resources")


def methods():
    found = []

    def walk(part, path):
        for name in dir(part):
            if name.startswith("_"):
                continue
            value = getattr(part, name)
            if is_part(value):
                walk(value, path + [name])
            elif callable(value) and getattr(value, "__self__", None) is part:
                found.append(path + [name])

    for name, part in vars(client).items():
        if is_part(part):
            walk(part, [name])
    return found


def plain(value):
    return value.to_dict() if hasattr(value, "to_dict") else value


def make(call):
    part = functools.reduce(getattr, call["path"][:-1], client)
    (keywords,) = call["args"]
    return plain(getattr(part, call["path"][-1])(**keywords))


for line in sys.stdin:
    call = json.loads(line)
    try:
        answer = {"value": methods() if call.get("methods") else make(call)}
    except Exception as error:
        status = getattr(error, "status_code", None)
        message = getattr(error, "message", None) or str(error)
        answer = {"error": {"name": type(error).__name__, "message": message, "status": status}}
    print(json.dumps(answer, default=str), flush=True)
