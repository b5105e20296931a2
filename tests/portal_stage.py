"""The portal's own rules on the stages of tests of the door: good and bad input."""

from typing import Any

ADMINS = ("setPortalFeatures",)
# The defaults: the tenant is everybody's.
GOOD: dict[str, dict[str, Any]] = {"setPortalFeatures": {"switchedOff": []}}
# For each of these mutations another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {"setPortalFeatures": {"switchedOff": ["PAUSE"]}}
# What is wrong in the input, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("setPortalFeatures", {"switchedOff": ["PAUSE", "PAUSE"]}, "INVALID_INPUT", ["switchedOff"]),
]
