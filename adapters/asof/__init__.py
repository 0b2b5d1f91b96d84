"""Queries as of a past position or time, answered from the log folded up to there."""
