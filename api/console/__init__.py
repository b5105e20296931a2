"""The support console: a built page and the door that serves it."""
