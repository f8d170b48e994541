"""Models of what is wired to a board, for virtual boards and for tests of drivers: they speak the protocols of the parts."""
