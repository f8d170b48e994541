"""Processes: the supervisor, Mosquitto, and the programs that the coordinator has started."""
