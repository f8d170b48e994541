"""Stands for MicroPython's module `machine`: pins and buses that tests set, read and connect models to; nothing else.

Each class lists what a test does with it. `pin(n)` finds the pin with a number, whoever made it.
"""

_ENODEV = 19

_pins = {}


def pin(number):
    """The pin with this number."""
    return _pins[number]


class Pin:
    """`drive(level)` sets what is outside and calls the interrupt handler; `log` lists the levels that were written.

    The numbers are an ESP32's (ports/esp32/machine_pin.c), which has 0 for a pin that is switched off; an RP2 has others.
    """

    IN, OUT, OPEN_DRAIN = 1, 3, 7
    PULL_UP, PULL_DOWN = 2, 1
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, id, *args, **options):
        self.id = id
        self.level = 0
        self.log = []
        self.handler = None
        self.trigger = 0
        self.mode = self.pull = None  # as it is after a reset
        if args or options:
            self.init(*args, **options)
        _pins[id] = self

    def init(self, mode=None, pull=-1, value=None):
        if mode not in (None, Pin.IN, Pin.OUT, Pin.OPEN_DRAIN) or pull not in (-1, None, Pin.PULL_UP, Pin.PULL_DOWN):
            raise ValueError("mode {}, pull {}".format(mode, pull))
        if mode is not None:
            self.mode = mode
        self.pull = pull
        if pull == Pin.PULL_UP:
            self.level = 1
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = 1 if level else 0
        self.log.append(self.level)
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3):
        self.handler, self.trigger = handler, trigger

    def drive(self, level):
        rising = level > self.level
        if level == self.level:
            return
        self.level = level
        if (
            self.handler
            and (self.mode or 0) & Pin.IN
            and self.trigger & (Pin.IRQ_RISING if rising else Pin.IRQ_FALLING)
        ):
            self.handler(self)


class ADC:
    """`source` is a value (0…65535) or a function that returns one; `reads` counts."""

    ATTN_11DB = 3

    def __init__(self, pin, atten=None):
        self.pin = pin
        self.source = 0
        self.reads = 0

    def read_u16(self):
        self.reads += 1
        return self.source() if callable(self.source) else self.source

    def read_uv(self):
        return self.read_u16() * 3300000 // 65535


class PWM:
    """`log` lists the duties that were set."""

    def __init__(self, pin, freq=1000, duty_u16=0):
        self.pin = pin
        self.frequency = freq
        self.log = []
        self.duty_u16(duty_u16)

    def freq(self, value=None):
        if value is None:
            return self.frequency
        self.frequency = value
        return None

    def duty_u16(self, value=None):
        if value is None:
            return self.duty
        self.duty = value
        self.log.append(value)
        return None

    def deinit(self):
        self.duty_u16(0)


class I2C:
    """`devices` maps addresses to models: `write(bytes)`, and `read(count)` that returns bytes; both may raise OSError."""

    def __init__(self, id=0, scl=None, sda=None, freq=100000):
        self.devices = {}

    def _device(self, address):
        if address not in self.devices:
            raise OSError(_ENODEV, "ENODEV")
        return self.devices[address]

    def scan(self):
        return sorted(self.devices)

    def writeto(self, address, data, stop=True):
        self._device(address).write(bytes(data))
        return len(data)

    def readfrom(self, address, count, stop=True):
        return self._device(address).read(count)

    def readfrom_into(self, address, buffer, stop=True):
        buffer[:] = self._device(address).read(len(buffer))

    def writeto_mem(self, address, register, data):
        self.writeto(address, bytes([register]) + bytes(data))

    def readfrom_mem(self, address, register, count):
        self.writeto(address, bytes([register]))
        return self.readfrom(address, count)

    def readfrom_mem_into(self, address, register, buffer):
        self.writeto(address, bytes([register]))
        self.readfrom_into(address, buffer)


class I2S:
    """`source(buffer)` fills a buffer, or returns False while there is nothing; `poll()` then calls the handler."""

    RX, TX, MONO, STEREO = 0, 1, 0, 1
    latest = None

    def __init__(self, id, **options):
        self.options = options
        self.source = None
        self.handler = self._buffer = None
        I2S.latest = self

    def irq(self, handler):
        self.handler = handler

    def readinto(self, buffer):
        self._buffer = buffer
        self.poll()
        return len(buffer)

    def poll(self):
        if self._buffer is not None and self.source and self.source(self._buffer) is not False:
            self._buffer = None
            self.handler(self)

    def deinit(self):
        pass


def dht_readinto(pin, buffer):
    """What `pin.dht()` returns, five bytes; it may raise OSError."""
    buffer[:] = pin.dht()


def bitstream(pin, encoding, timing, buffer):
    """Notes what was sent in `pin.sent`."""
    pin.sent = bytes(buffer)


def time_pulse_us(pin, level, timeout=1000000):
    return -2


def disable_irq():
    return 0


def enable_irq(state):
    pass
