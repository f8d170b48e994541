"""Drivers: they take pins or a bus and give values, and know nothing of MQTT, JSON or participants."""
