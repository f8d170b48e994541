"""The example with Zigbee2MQTT's topics: a button switches a bulb, and availability is believed."""

from __future__ import annotations

EDGES = ("door_button.pressed -> dimmer.pressed", "dimmer.set -> desk_bulb.set", "desk_bulb.state -> dimmer.lamp")


def test_the_button_switches_the_bulb_which_is_lost_when_zigbee2mqtt_says_so(run, ear) -> None:
    bulb, bridge = ear("zigbee2mqtt/desk_bulb"), ear("zigbee2mqtt/desk_bulb/availability")
    example = run("zigbee2mqtt", ("bridge.py", "PRESS_EVERY_S = 3\n", "PRESS_EVERY_S = 0.3\n"))
    example.wait_for_data_on(*EDGES)
    assert {example.state(node) for node in ("door_button", "dimmer", "desk_bulb")} == {"alive"}
    bulb.wait_for(lambda topic, state: state["state"] == "ON" and state["brightness"] == 254)
    bulb.wait_for(lambda topic, state: state["brightness"] == 40)
    bulb.wait_for(lambda topic, state: state["state"] == "OFF")
    for state, expected in (("offline", "lost"), ("online", "alive")):
        bridge.say("zigbee2mqtt/desk_bulb/availability", {"state": state}, retain=True)
        bridge.wait_for(lambda topic, value, state=state: value == {"state": state})
        example.wait(lambda expected=expected: example.state("desk_bulb") == expected, f"node that is {expected}")
