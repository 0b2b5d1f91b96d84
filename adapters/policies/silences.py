"""What was restored for a tenant, and followed from long ago, is followed from no more."""

RUNNING = 2**62  # a position that no log reaches: until it is restored, nothing of it fires
