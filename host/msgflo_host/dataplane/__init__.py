"""The data plane: what carries packets. It reads lists that stand in the broker, and needs no coordinator."""
