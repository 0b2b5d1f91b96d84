"""Postgres, Valkey, NATS and an S3 server from their wheels, as child processes."""
