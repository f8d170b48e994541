"""The model of the system: participants, desired graphs, and the plan of bindings. Pure."""
