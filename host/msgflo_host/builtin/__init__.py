"""Built-in components. `dataplane.component_host` runs them."""
