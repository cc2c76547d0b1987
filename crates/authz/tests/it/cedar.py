"""Answers questions about rights by Cedar, for the test beside this file.

stdin: {"schema": .., "policies": .., "worlds": [{"entities": [..], "requests": [..]}]}; stdout: a list of booleans a world.
"""

import json
import sys

from cedarpy import Decision, PolicySet, Schema, is_authorized_batch, validate_policies

asked = json.load(sys.stdin)
valid = validate_policies(asked["policies"], asked["schema"])
assert valid.validation_passed, valid.errors
policies = PolicySet.from_str(asked["policies"])
schema = Schema.from_str(asked["schema"])
answers = []
for world in asked["worlds"]:
    results = is_authorized_batch(world["requests"], policies, json.dumps(world["entities"]), schema)
    for result in results:
        assert not result.diagnostics.errors, result.diagnostics.errors
    answers.append([result.decision == Decision.Allow for result in results])
json.dump(answers, sys.stdout)
