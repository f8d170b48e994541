"""The FBP network protocol: how visual editors see and change the system."""
