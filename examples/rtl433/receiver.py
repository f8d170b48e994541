"""Runs rtl_433 so that it sends what it receives to the broker in MSGFLO_BROKER.

    python receiver.py                          # from an RTL-SDR stick
    python receiver.py cool.ook warm.ook        # without one: from pulse files, played again and again

Topics, one value each: `rtl_433/demo/devices/<model>/<channel>/<field>`. The channel is that of the switch in the
sensor's battery box; the id, which is in rtl_433's usual topics, changes with the battery.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys

import stick
from msgflo import Broker


def mqtt_output(broker):
    """Return rtl_433's option for a broker. The account goes by environment, where other users cannot read it."""
    if broker.tls:
        said = subprocess.run(["rtl_433", "-V"], capture_output=True, text=True)
        if "with TLS" not in said.stdout + said.stderr:
            sys.exit("receiver: this rtl_433 was built without TLS (Debian's is): it needs a broker at mqtt://")
    address = f"{'mqtts' if broker.tls else 'mqtt'}://{broker.host}:{broker.port}"
    options = ["retain=0", "base=rtl_433/demo", "devices=rtl_433/demo/devices[/model][/channel]"]
    if broker.cafile:
        options.append(f"tls_ca_cert={broker.cafile}")
    return ",".join([address, *options])


def source(files):
    """Return rtl_433's options for what it listens to: its first stick, or a stand-in that plays these files."""
    if not files:
        return []
    for file in files:
        stick.samples(stick.Path(file))  # so that a bad file is said before rtl_433 starts
    listener = socket.create_server(("127.0.0.1", 0))
    if os.fork() == 0:  # it ends when rtl_433 does
        with contextlib.suppress(OSError):
            stick.play(listener, files)
        os._exit(0)
    return ["-d", f"rtl_tcp:127.0.0.1:{listener.getsockname()[1]}"]


def main():
    if shutil.which("rtl_433") is None:
        sys.exit("receiver: rtl_433 is not installed (Debian: apt install rtl-433)")
    broker = Broker.parse(os.environ.get("MSGFLO_BROKER", "mqtt://localhost"))
    account = {"MQTT_USERNAME": broker.user, "MQTT_PASSWORD": broker.password}
    environment = {**os.environ, **{name: value for name, value in account.items() if value is not None}}
    command = ["rtl_433", *source(sys.argv[1:]), "-F", mqtt_output(broker), "-F", "log"]
    os.execvpe(command[0], command, environment)


if __name__ == "__main__":
    main()
