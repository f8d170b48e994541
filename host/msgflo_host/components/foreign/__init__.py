"""Foreign devices: read from YAML, and announced on their behalf."""
