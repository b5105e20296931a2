"""What every test may ask for."""

import pytest

pytest_plugins = (
    "tests.memory_plugin",  # first: what the others import stays
    "tests.loop_plugin",
    "tests.order_plugin",
    "tests.stack_plugin",
    "tests.sql_watch",
    "tests.examples_plugin",
    "tests.canary_plugin",
)
# Nothing but fixtures. They import the product, so the process that only hands tests out to others goes without them.
FIXTURES = (
    "tests.world_plugin",
    "tests.api_plugin",
    "tests.webhook_plugin",
    "tests.jobs_plugin",
    "tests.provider_here",
)


def pytest_configure(config: pytest.Config) -> None:
    """Takes them in where tests run."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        for name in FIXTURES:
            config.pluginmanager.import_plugin(name)
