"""paho-mqtt's client on a connection that is already there. It takes 25 ms to import: only who connects does."""

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

__all__ = ("Client",)


class Client(paho.Client):
    """The client, with `pipe` as its socket.

    `_create_socket` is the one private name of paho 2.2 that is relied on; the tests fail at once if it is gone.
    """

    TOO_MANY = paho.MQTT_ERR_QUEUE_SIZE

    def __init__(self, pipe, client_id, *, clean):
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=clean,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self.pipe = pipe
        self.max_inflight_messages_set(0)  # `ready` has our limit; paho's makes it search a list at each PUBACK

    def _create_socket(self):
        return self.pipe
