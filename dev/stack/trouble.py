"""What stops a start."""


class StackError(Exception):
    """One clear sentence for the person at the terminal; the launcher prints it and exits with 1."""
