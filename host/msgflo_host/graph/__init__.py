"""The desired graph: its model, and the files that hold it (.fbp and JSON)."""
