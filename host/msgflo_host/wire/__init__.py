"""What goes over MQTT: discovery messages, retained lists, frames, and the control plane's connection."""
