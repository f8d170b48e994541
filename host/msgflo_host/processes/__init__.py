"""Processes: the supervisor that starts the broker and the coordinator, and how these two talk."""
