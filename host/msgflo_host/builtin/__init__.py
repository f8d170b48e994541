"""Built-in components, and what is known of them. `dataplane.components` runs them."""
