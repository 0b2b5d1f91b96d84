"""Views of reels: gathered in Valkey, brought into the log in batches."""
