"""Components that can be started: built in, in a component folder, and foreign devices."""
