"""Seeds that once found a fault, and what it was; they stay even where the dice of later versions fall otherwise."""

FOUND: dict[int, str] = {}
