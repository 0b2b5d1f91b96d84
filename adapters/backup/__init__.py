"""Backups of an embedded stack, restores to a moment, and one tenant alone."""
