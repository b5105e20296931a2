"""What every test may ask for."""

pytest_plugins = (
    "tests.memory_plugin",  # first: what the others import stays
    "tests.loop_plugin",
    "tests.order_plugin",
    "tests.stack_plugin",
    "tests.world_plugin",
    "tests.api_plugin",
    "tests.webhook_plugin",
    "tests.jobs_plugin",
    "tests.provider_here",
    "tests.sql_watch",
    "tests.examples_plugin",
    "tests.canary_plugin",
)
