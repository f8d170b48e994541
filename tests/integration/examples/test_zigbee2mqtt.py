"""The example with Zigbee2MQTT's topics: a button switches a bulb, and availability is believed."""

from __future__ import annotations

from systems import node

EDGES = ("door_button.pressed -> dimmer.pressed", "dimmer.set -> desk_bulb.set", "desk_bulb.state -> dimmer.lamp")


def test_the_button_switches_the_bulb_which_is_lost_when_zigbee2mqtt_says_so(run, ear) -> None:
    bulb = "zigbee2mqtt/desk_bulb"
    example = run("zigbee2mqtt", ("bridge.py", "PRESS_EVERY_S = 3\n", "PRESS_EVERY_S = 0.3\n"))
    example.wait_for_data_on(*EDGES)
    assert {example.state(node) for node in ("door_button", "dimmer", "desk_bulb")} == {"alive"}
    ear.wait_for(bulb, lambda state: state["state"] == "ON" and state["brightness"] == 254)
    ear.wait_for(bulb, lambda state: state["brightness"] == 40)
    ear.wait_for(bulb, lambda state: state["state"] == "OFF")
    for state, expected in (("offline", "lost"), ("online", "alive")):
        ear.say(f"{bulb}/availability", {"state": state}, retain=True)
        example.wait(lambda status, expected=expected: node(status, "desk_bulb")["state"] == expected)
