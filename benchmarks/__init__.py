"""Souk beside what its users would take instead, on the same machine in the same run."""
