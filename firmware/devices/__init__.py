"""What a board can have: a module for each kind of device, which makes a participant of it; their drivers are in `drivers`."""
