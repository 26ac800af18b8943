"""`python -m interplay` is the same command as `interplay`."""

from interplay.cli import main

main()
