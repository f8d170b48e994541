"""The MQTT messages: discovery messages, retained lists, frames, and the control plane's connection."""
