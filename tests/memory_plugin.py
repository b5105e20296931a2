"""A pytest plugin: what was imported stays for the whole run, so the collector of garbage does not look through it.

It is loaded before whatever else is: until all tests are collected, nothing is made that does not stay.
"""

import gc

import pytest

from runtime.memory import loaded, loading

# A test makes and drops far more than the 700 objects at which Python looks; what goes round in a ring waits longer.
OBJECTS_BETWEEN_LOOKS = 20_000

loading()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Sets the modules and the collected tests apart to the end: what a test leaves open is made later."""
    loaded()
    gc.set_threshold(OBJECTS_BETWEEN_LOOKS, 20, 20)
