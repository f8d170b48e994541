"""What drivers use of MicroPython's module `micropython`, for CPython; MicroPython has its own."""


def const(value):
    return value


def schedule(function, argument):
    function(argument)


def native(function):
    return function


viper = native


def alloc_emergency_exception_buf(size):
    pass
