"""The kinds of devices: a module for each, which makes a participant of it; their drivers are in `drivers`."""
