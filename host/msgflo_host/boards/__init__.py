"""Boards: their port maps, checked; what is made of them; and how that gets onto a board."""
