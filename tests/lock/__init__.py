"""The lock: never two writers."""
