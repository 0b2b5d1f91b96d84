"""`python -m entrypoints.cli`, which is how `souk up` starts the roles."""

from entrypoints.cli import main

main(prog_name="souk")
