"""The one exception that a user is meant to see: a single line that says what, where and how to mend it."""


class InterplayError(Exception):
    """Wrong input or a missing precondition; the command line prints it as one line and exits with status 2."""
