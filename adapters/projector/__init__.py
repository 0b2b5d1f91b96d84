"""The read side's machinery: events to rows, rows to watchers and counters, and their readers."""
