"""Waits until all is over, which is at once: the certificate authority's file does not exist."""

import threading

import msgflo
from repeat import Repeat

over = threading.Event()
msgflo.run([Repeat("r")], broker="mqtts://127.0.0.1?cafile=/no/such/file", done_cb=over.set)
print(over.wait(10), flush=True)
