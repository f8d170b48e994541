"""The HTTP port: the page, its API, and the WebSocket of editors."""
