"""What `make bench` runs: our bindings against the broker alone and, with PEER=1, against MsgFlo's npm packages.

Every figure is taken from outside: load generators speak to a real Mosquitto over sockets, CPU time and memory are
those of whole processes. Runs of the things compared alternate, and medians are reported, since machines vary from
minute to minute.
"""
