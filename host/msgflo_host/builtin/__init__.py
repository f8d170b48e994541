"""Components that run inside the coordinator, and what runs them."""
