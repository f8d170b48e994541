"""Port maps that are right: what is read, and what a board gets of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner

from msgflo_host.boards.board_folder import default_folder, find, load, names
from msgflo_host.boards.board_json import compile_map, encode
from msgflo_host.boards.port_map import PortMap
from msgflo_host.cli.main import cli
from msgflo_host.errors import PortMapError
from paths import ROOT

BOARDS = ROOT / "boards"
SHIPPED = ("battery", "esp32", "picow", "rf433")

EVERYTHING = """
chip: esp32
name: kitchen
wifi:
  ssid: !secret ssid
  password: !secret password
  country: GB
  address: {ip: 192.168.1.7, gateway: 192.168.1.1}
broker: {url: "mqtts://pi.lan:8884", user: kitchen, password: !secret "broker: me", ca: ca.pem}
time: http://192.168.1.1/
i2c:
  - {sda: 21, scl: 22}
  - {sda: 18, scl: 19, frequency: 400 kHz}
devices:
  air: {kind: sht3x, i2c: 1, address: 0x45, interval: 1.5 min, topics: {temperature: home/t}}
  lamp: {kind: led, pin: 2, allow: [strapping], active: low, role: lamps/1}
  door: {kind: button, pin: 34, allow: no-pull, debounce: 20 ms}
log: {level: debug, topic: true}
watchdog: false
battery: {capacity: 2 Ah, usable: 70 %, self_discharge: 3%, asleep: 0.012 mA}
"""
SECRETS = 'ssid: "Zuhause #1"\npassword: "12345678"\n"broker: me": "p@ss:w/rd"\n'


def read(folder: Path, text: str = EVERYTHING, name: str = "board", **options: object) -> PortMap:
    (folder / "secrets.yaml").write_text(SECRETS)
    (folder / "secrets.yaml").chmod(0o600)
    trustme.CA().cert_pem.write_to_path(folder / "ca.pem")
    file = folder / f"{name}.yaml"
    file.write_text(text)
    return load(file, **options)  # type: ignore[arg-type]


def small(more: str, chip: str = "esp32") -> str:
    return f"chip: {chip}\nwifi: {{ssid: Home}}\nbroker: mqtt://10.0.0.2\n{more}"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_port_map_is_good(name: str) -> None:
    port_map = load(BOARDS / f"{name}.yaml", secrets=BOARDS / "secrets.example.yaml")
    assert port_map.name == name
    assert port_map.devices


def test_all_that_is_shipped_is_tested() -> None:
    assert names(BOARDS) == list(SHIPPED)
    roles = [
        device.role
        for name in SHIPPED
        for device in load(BOARDS / f"{name}.yaml", secrets=BOARDS / "secrets.example.yaml").devices
    ]
    assert len(roles) == len(set(roles)), "two shipped boards cannot run beside each other"


def test_board_reads_what_the_port_map_says(tmp_path: Path) -> None:
    config = compile_map(read(tmp_path), built=1764000000, version="0123456789ab")
    assert config.pop("ca")[:1] == b"\x30"  # DER: a sequence
    assert json.loads(encode(config)) == {
        "format": 1,
        "name": "kitchen",
        "chip": "esp32",
        "version": "0123456789ab",
        "built": 1764000000,
        "wifi": {
            "ssid": "Zuhause #1",
            "password": "12345678",
            "country": "GB",
            "hostname": "kitchen",
            "address": ["192.168.1.7", "255.255.255.0", "192.168.1.1", "192.168.1.1"],
        },
        "broker": {
            "host": "pi.lan",
            "port": 8884,
            "user": "kitchen",
            "password": "p@ss:w/rd",
            "tls": True,
            "cafile": "ca.der",
        },
        "time": "http://192.168.1.1/",
        "log": {"level": "debug", "topic": True},
        "watchdog": False,
        "i2c": [{"id": 0, "sda": 21, "scl": 22, "freq": 100000}, {"id": 1, "sda": 18, "scl": 19, "freq": 400000}],
        "devices": [
            {
                "module": "climate",
                "role": "air",
                "topics": {"temperature": "home/t"},
                "options": {"sensor": "sht3x", "i2c": 1, "address": 69, "interval": 90},
            },
            {"module": "led", "role": "lamps/1", "options": {"pin": 2, "active": "low"}},
            {"module": "button", "role": "door", "options": {"pin": 34, "active": "low", "debounce": 0.02}},
        ],
    }


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    config = compile_map(read(tmp_path, small("devices: {}\n"), "my_board"), built=0)
    assert config == {
        "format": 1,
        "name": "my_board",
        "chip": "esp32",
        "version": "",
        "built": 0,
        "wifi": {"ssid": "Home", "hostname": "my-board"},
        "broker": {"host": "10.0.0.2", "port": 1883},
        "time": "http://10.0.0.2:3569/",
        "log": {"level": "info", "topic": False},
        "watchdog": True,
        "i2c": [],
        "devices": [],
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_device_makes_a_participant_of_the_firmware(name: str) -> None:
    """The firmware's base class takes the options and topics of each device, with the settings that were given."""
    from devices.device import Device

    port_map = load(BOARDS / f"{name}.yaml", secrets=BOARDS / "secrets.example.yaml")
    for device in port_map.devices:
        found = device.kind.firmware_class()

        class Bare(found):  # without its driver
            def process(self, inport: str, msg: object) -> None: ...
            def __init__(self, *arguments: object) -> None:
                Device.__init__(self, *arguments)

        participant = Bare(device.role, dict(device.topics), device.options)
        assert device.settings.items() <= participant.config.items()
        inports, outports = device.kind.ports()
        assert {port.id for port in participant.inports} == inports.keys()
        assert {port.id for port in participant.outports} == outports.keys()


def test_localhost_is_for_virtual_boards(tmp_path: Path) -> None:
    text = small("devices: {}\n").replace("10.0.0.2", "localhost:1884")
    assert str(read(tmp_path, text, loopback=True).broker) == "mqtt://localhost:1884"
    with pytest.raises(PortMapError, match="localhost is the board itself"):
        read(tmp_path, text)


def test_certificate_in_der_is_taken_too(tmp_path: Path) -> None:
    der = compile_map(read(tmp_path), built=0)["ca"]
    (tmp_path / "ca.der").write_bytes(der)
    port_map = read(tmp_path, EVERYTHING.replace("ca.pem", "ca.der"), "other")
    assert compile_map(port_map, built=0)["ca"] == der


def test_certificate_that_has_gone_since_is_named(tmp_path: Path) -> None:
    port_map = read(tmp_path)
    (tmp_path / "ca.pem").unlink()
    with pytest.raises(PortMapError, match=r"board\.yaml: the certificate .*ca\.pem cannot be read: No such file"):
        compile_map(port_map, built=0)


def test_repr_holds_no_secret(tmp_path: Path) -> None:
    shown = repr(read(tmp_path))
    assert "sht3x" in shown
    for secret in ("Zuhause", "12345678", "p@ss", "w/rd"):
        assert secret not in shown.replace(str(tmp_path), "")


# --- Secrets ---


@pytest.mark.parametrize(
    ("secrets", "message"),
    [
        ('ssid: "x"\npassword: 12345678\n', r"secrets\.yaml:2:11: the value here is no text; put it in quotes$"),
        ('ssid: "x"\npassword:\n', r"secrets\.yaml:3:1: the value here is empty; where none is needed, leave out"),
        ('- ssid: "x"\n', r'secrets\.yaml:1:1: is no map; a line must read  NAME: "TEXT"$'),
        ("password: @hidden\n", r"secrets\.yaml:1:11: cannot be understood from here on; a line must read"),
        ("password: !hidden x\n", r"secrets\.yaml:1:11: cannot be understood from here on"),
        ("password: *hidden\n", r"secrets\.yaml:1:11: cannot be understood from here on"),
        ("password: 0x7hidden\nssid: x\n", r"board\.yaml:1:1: devices is missing"),
        ("", r'!secret ssid: .*secrets\.yaml has no such name; it has none'),
    ],
)  # fmt: skip
def test_mistake_in_secrets_is_reported_without_them(tmp_path: Path, secrets: str, message: str) -> None:
    (tmp_path / "secrets.yaml").write_text(secrets)
    file = tmp_path / "board.yaml"
    file.write_text("chip: esp32\nwifi: {ssid: !secret ssid, password: !secret password}\nbroker: mqtt://10.0.0.2\n")
    with pytest.raises(PortMapError) as caught:
        load(file)
    assert re.search(message, str(caught.value))
    assert "hidden" not in str(caught.value)


def test_without_secrets_it_is_logged_how_to_get_some(tmp_path: Path) -> None:
    file = tmp_path / "board.yaml"
    file.write_text(small("devices: {}\n").replace("Home", "!secret wifi_ssid"))
    with pytest.raises(PortMapError) as caught:
        load(file)
    secrets = tmp_path / "secrets.yaml"
    assert str(caught.value) == (
        f'{file}:2:14: !secret wifi_ssid: there is no {secrets}; write it, with the line  wifi_ssid: "TEXT"'
    )
    (tmp_path / "secrets.example.yaml").write_text("")
    with pytest.raises(PortMapError, match=r"secrets\.yaml; copy secrets\.example\.yaml to that name and fill it in$"):
        load(file)


# --- Finding them ---


def test_unknown_board_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(PortMapError) as near:
        find("esp23", BOARDS)
    assert str(near.value) == f"there is no board 'esp23' in {BOARDS}; did you mean 'esp32'?"
    with pytest.raises(PortMapError) as far:
        find("x", BOARDS)
    assert str(far.value) == f"there is no board 'x' in {BOARDS}; there are: battery, esp32, picow, rf433"
    with pytest.raises(PortMapError) as file:
        find("x.yaml")
    assert str(file.value) == "there is no port map x.yaml"


def test_boards_of_the_current_folder_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_folder() == BOARDS
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "kitchen.yaml").write_text("")
    assert default_folder() == Path("boards")


# --- The command ---


def test_check_says_what_is_wired_where(tmp_path: Path) -> None:
    port_map = read(tmp_path)
    result = CliRunner().invoke(cli, ["board", "check", str(port_map.file)])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"{port_map.file}: good; kitchen, ESP32, 3 devices, broker mqtts://kitchen:***@pi.lan:8884"
    assert lines[1].startswith(f"{port_map.file}:7:12: wifi.country does nothing on an esp32")
    assert lines[2] == (
        f'{port_map.file}:16:68: no .fbp graph can name the role "lamps/1": a letter or _ comes first, then letters, digits, '
        "_ and -; as in  lamps-1"
    )
    wanted = "air sht3x devices/Climate i2c 1 address 0x45 →read temperature→ humidity→"
    assert wanted.split() in [line.split() for line in lines]


def doubts(folder: Path, text: str, secrets: str = "") -> list[str]:
    """What is doubted in a port map, without the folder's name."""
    (folder / "secrets.yaml").write_text(secrets)
    (folder / "secrets.yaml").chmod(0o600)
    file = folder / "kitchen.yaml"
    file.write_text(text)
    return [doubt.removeprefix(f"{folder}/") for doubt in load(file).warnings]


def test_roles_that_a_graph_cannot_name_are_warned_about(tmp_path: Path) -> None:
    devices = """devices:
  room light: {kind: led, pin: 13}
  Küche: {kind: led, pin: 14}
  Großes Café: {kind: led, pin: 18}
  вода: {kind: led, pin: 19}
  radio: {kind: rf433, receive: 16, remotes: {2nd: {protocol: ev1527, code: 5}}}
  good_1-x: {kind: led, pin: 17}
"""
    rule = "a letter or _ comes first, then letters, digits, _ and -"
    assert doubts(tmp_path, small(devices + "name: 2nd\n")) == [
        f'kitchen.yaml:5:3: no .fbp graph can name the role "room light": {rule}; as in  room-light',
        f'kitchen.yaml:6:3: no .fbp graph can name the role "Küche": {rule}; as in  Kueche',
        f'kitchen.yaml:7:3: no .fbp graph can name the role "Großes Café": {rule}; as in  Grosses-Cafe',
        f'kitchen.yaml:8:3: no .fbp graph can name the role "вода": {rule}',
        f'kitchen.yaml:9:47: no .fbp graph can name the role "2nd": {rule}',
        f'kitchen.yaml:11:7: no .fbp graph can name the role "2nd-board": {rule}',
    ]


def test_secrets_that_are_those_of_the_example_are_warned_about(tmp_path: Path) -> None:
    example = (BOARDS / "secrets.example.yaml").read_text()
    (tmp_path / "secrets.example.yaml").write_text(example)
    text = (BOARDS / "picow.yaml").read_text()
    place = "secrets.yaml: still as in the example: "
    assert doubts(tmp_path, text, example) == [f"{place}wifi_ssid, wifi_password, broker; write your own there"]
    own = example.replace("not my real password", "mine and nobody else's")
    assert doubts(tmp_path, text, own) == [f"{place}wifi_ssid, broker; write your own there"]
    # A network may be called Home.
    assert doubts(tmp_path, text, own.replace("192.168.1.10", "192.168.1.20")) == []
    assert load(tmp_path / "kitchen.yaml", secrets=tmp_path / "secrets.example.yaml").warnings == ()
    (tmp_path / "secrets.example.yaml").write_text("[")
    assert doubts(tmp_path, text, example) == []


def test_secrets_that_others_can_read_are_warned_about_where_they_are_used(tmp_path: Path) -> None:
    text = small("devices: {}\n").replace("ssid: Home", "ssid: !secret ssid")
    assert doubts(tmp_path, text, "ssid: Home\n") == []
    secrets, file = tmp_path / "secrets.yaml", tmp_path / "kitchen.yaml"
    secrets.chmod(0o640)
    mend = f"can be read by other users of this machine; mend it with  chmod 600 {secrets}"
    assert load(file).warnings == (f"{secrets}: {mend}",)
    file.write_text(small("devices: {}\n"))
    assert load(file).warnings == ()


@pytest.mark.parametrize("chip", ["esp32", "picow"])
def test_a_country_is_warned_about_on_a_chip_on_which_it_does_nothing(tmp_path: Path, chip: str) -> None:
    text = small("devices: {}\n", chip).replace("ssid: Home", "ssid: Home, country: DE")
    nothing = (
        f"kitchen.yaml:2:29: wifi.country does nothing on an {chip}: MicroPython does not tell its Wi-Fi; leave it out"
    )
    assert doubts(tmp_path, text) == ([nothing] if chip.startswith("esp32") else [])


def test_a_text_that_a_number_sign_has_cut_is_warned_about_and_not_shown(tmp_path: Path) -> None:
    text = small("devices: {}\n").replace("{ssid: Home}", "\n  ssid: Home #5\n  password: open sesame #1234")
    rest = "what follows the # is a comment; a text with a # in it must be in quotes"
    assert doubts(tmp_path, text) == [
        f"kitchen.yaml:3:9: wifi.ssid: {rest}",
        f"kitchen.yaml:4:13: wifi.password: {rest}",
    ]
    assert doubts(tmp_path, text.replace(" #5", "   # at home").replace(" #1234", " # mine")) == []
    assert doubts(tmp_path, text.replace("Home #5", "'Home #5' #a").replace("open sesame #1234", '"open #1234"')) == []
    assert doubts(tmp_path, small("devices: {}\n").replace("Home}", "Home} #mine")) == []
    hidden = small("devices: {}\n").replace("ssid: Home", "ssid: !secret ssid")
    assert doubts(tmp_path, hidden, "ssid: Home #5\n") == [f"secrets.yaml:1:7: {rest}"]
    assert doubts(tmp_path, hidden, "ssid: Home # 5\n") == []


@pytest.mark.parametrize("quoted", ["„Heim“", "«Maison»"])
def test_quotes_of_a_book_are_warned_about_and_what_is_in_them_is_not_shown(quoted: str, tmp_path: Path) -> None:
    text = small("devices: {}\n").replace("ssid: Home", f"ssid: {quoted}")
    rest = "its quotes are a part of it; YAML knows \" and ' only"
    assert doubts(tmp_path, text) == [f"kitchen.yaml:2:14: wifi.ssid: {rest}"]
    text = text.replace(quoted, "!secret ssid")
    assert doubts(tmp_path, text, f"ssid: {quoted}") == [f"kitchen.yaml:2:14: wifi.ssid: {rest}"]
    account = f"\n  url: mqtt://10.0.0.2\n  user: {quoted}\n  password: {quoted}"
    assert doubts(tmp_path, small("devices: {}\n").replace("mqtt://10.0.0.2", account)) == [
        f"kitchen.yaml:5:9: broker.user: {rest}",
        f"kitchen.yaml:6:13: broker.password: {rest}",
    ]


def test_the_port_of_tls_without_tls_is_warned_about(tmp_path: Path) -> None:
    text = small("devices: {}\n").replace("mqtt://10.0.0.2", "mqtt://10.0.0.2:8883")
    assert doubts(tmp_path, text) == [
        "kitchen.yaml:3:9: broker: port 8883 is that of TLS mostly; did you mean  mqtts://?"
    ]
    assert doubts(tmp_path, text.replace(":8883", ":1884")) == []


def test_a_name_that_is_asked_for_by_multicast_is_warned_about(tmp_path: Path) -> None:
    text = small("devices: {}\n")
    rest = (
        "a name in .local is asked for by multicast, which many Wi-Fi routers do not pass on; "
        "write the broker's address, or a name that the router knows"
    )
    named = text.replace("mqtt://10.0.0.2", "{url: 'mqtt://pi.local:1884'}")
    assert doubts(tmp_path, named) == [f"kitchen.yaml:3:15: broker.url: the board may not find pi.local: {rest}"]
    assert load(tmp_path / "kitchen.yaml", loopback=True).warnings == (), "a virtual board asks this machine"
    hidden = text.replace("mqtt://10.0.0.2", "!secret pi")
    assert doubts(tmp_path, hidden, "pi: mqtt://Pi.Local.\n") == [
        f"kitchen.yaml:3:9: broker: the board may not find ***: {rest}"
    ]


def test_text_that_may_have_been_a_secret_is_warned_about_and_not_shown(tmp_path: Path) -> None:
    text = small("devices: {}\n").replace("Home", "secret garden")
    message = "wifi.ssid is a text that begins with the word secret; did you mean  !secret NAME?"
    assert doubts(tmp_path, text) == [f"kitchen.yaml:2:14: {message}"]
    with pytest.raises(PortMapError, match=r"wifi\.ssid is a text; did you mean  !secret garden\?$"):
        doubts(tmp_path, text, "garden: Home\n")


def test_check_says_all_that_is_wrong_and_ends_with_1(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(small("devices: {}\n"))
    bad = tmp_path / "bad.yaml"
    bad.write_text(small("devices: {a: {kind: dht22, pin: 99, interval: 3}}\n"))
    result = CliRunner().invoke(cli, ["board", "check", str(bad), str(good)])
    assert result.exit_code == 1
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == [f"{bad}:4:33", f"{bad}:4:47"]
    assert "good" in result.stdout


@pytest.mark.parametrize(
    ("chip", "said", "compiled"),
    [
        ("esp32", "{pin: 2, allow: [strapping]}", [2, 0]),
        ("esp32c3", "{pin: 6, active: low}", [6, 1]),
        ("picow", "{pin: LED}", ["LED", 0]),
    ],
)
def test_led_that_identifies_the_board(tmp_path: Path, chip: str, said: str, compiled: list[object]) -> None:
    """Its pin, and the level at which it is dark."""
    port_map = read(tmp_path, small(f"led: {said}\ndevices: {{}}\n", chip))
    assert compile_map(port_map, built=0)["led"] == compiled
