"""How long a test waits for what must come. What works never takes so long, but on a machine that
is crowded by others it may take twenty times as long as elsewhere."""

PATIENCE = 60.0  # seconds
