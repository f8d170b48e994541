"""The control plane: reconciles the desired graph with the participants that are there."""
