"""Live updates: who follows which customer, how they are woken, and what a stream of events looks like over HTTP."""
