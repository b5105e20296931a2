"""How a query is executed: a plan for each prepared document, and the executor that follows it."""
