"""Flowtrace: what passed the edges of a graph, kept, written, shown and replayed."""
