"""Small helpers that know nothing of the rest: text checks, YAML with positions, files, logging."""
