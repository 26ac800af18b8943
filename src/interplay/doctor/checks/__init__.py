"""The checks: a module a subject, each a function of the machine and of what is asked of it, found by a scan."""
