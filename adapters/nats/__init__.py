"""Machines that read their tenant's changes from NATS themselves."""
