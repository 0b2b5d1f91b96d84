"""Erasing a person: everything that holds something of theirs, one file each."""
