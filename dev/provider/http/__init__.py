"""The provider's own HTTP shape: routes, bodies, answers and how faults look on the wire."""
