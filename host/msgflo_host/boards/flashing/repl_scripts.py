"""Scripts for MicroPython's raw REPL: they describe a board, and write files onto it."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "PROBE",
    "RESTART",
    "START_BOOTLOADER",
    "WRITER",
    "State",
    "hashes",
    "pieces",
    "remove",
    "scripts",
    "state",
]

# First the watchdog, which a program that was interrupted may have left running. RP2040 and RP2350: ENABLE is bit 30 of CTRL,
# the alias at +0x3000 clears bits (RP2040 Datasheet §2.1.2, §4.7.6; RP2350 Datasheet §2.1.3, §12.9.7). An ESP32's cannot be
# stopped, but made slow; only where it runs already, for making it slow would start it.
#
# Then one line about the board, and one for each file of ours with the beginning of its SHA-256.
PROBE = """
import gc,json,os,sys
gc.collect()
_i=sys.implementation
_n=getattr(_i,"_machine","") or os.uname().machine
if sys.platform=="rp2":
 import machine
 machine.mem32[(0x400d8000 if "RP2350" in _n else 0x40058000)+0x3000]=1<<30
elif getattr(sys.modules.get("board.watchdog"),"_dog",None) or "board.sleeper" in sys.modules:
 import machine
 machine.WDT(timeout=600000)
def _slot():
 try:
  with open("/slot.json") as f:
   return json.load(f)["slot"]
 except (OSError,ValueError,KeyError):
  return "a"
def _hash(p):
 from binascii import hexlify
 from hashlib import sha256
 h=sha256()
 b=bytearray(512)
 m=memoryview(b)
 with open(p,"rb") as f:
  while 1:
   n=f.readinto(b)
   if not n:break
   h.update(m[:n])
 print("f",hexlify(h.digest()[:8]).decode(),p)
def _walk(d):
 try:
  l=list(os.ilistdir(d))
 except OSError:
  return
 for e in l:
  p=d+"/"+e[0]
  if e[1]&0x4000:
   _walk(p)
  else:
   _hash(p)
_s=os.statvfs("/")
try:
 with open("/main.py") as f:
  _m=f.read(60)
except OSError:
 _m=""
print("i",json.dumps({"platform":sys.platform,"text":sys.version,"version":_i.version[:3],"mpy":getattr(_i,"_mpy",0)&255,
"build":getattr(_i,"_build",""),"machine":_n,"slot":_slot(),"free":_s[0]*_s[3],"main":_m}))
for _p in ("/main.py","/main.py~","/key","/key~","/starts"):
 try:
  os.stat(_p)
  _hash(_p)
 except OSError:
  pass
_walk("/"+_slot())
"""

# Into a file of another name, which takes the place of the old one when it is whole; then its hash.
WRITER = """
import gc,os
from binascii import a2b_base64 as _d,hexlify as _x
from hashlib import sha256
def _o(p):
 global _f,_h
 i=p.find("/",1)
 while i>0:
  try:
   os.mkdir(p[:i])
  except OSError:
   pass
  i=p.find("/",i+1)
 _f=open(p+"~","wb")
 _h=sha256()
def _w(s):
 s=_d(s)
 _f.write(s)
 _h.update(s)
def _c(p):
 _f.close()
 try:
  os.rename(p+"~",p)
 except OSError:
  os.remove(p)
  os.rename(p+"~",p)
 print("f",_x(_h.digest()[:8]).decode(),p)
 gc.collect()
"""

# A sleeping board keeps there that it has announced itself; it shall do so again. CircuitPython has no `machine`.
RESTART = """
try:
 import machine
except ImportError:
 import microcontroller as machine
try:
 machine.RTC().memory(b"")
except AttributeError:
 pass
machine.reset()
"""
START_BOOTLOADER = "import machine\nmachine.bootloader()"

_CHUNK = 768  # bytes of a file in one call: 1 KB as text, which even a fragmented heap has room for
_SCRIPT = 4096  # characters of one script


@dataclass(frozen=True, slots=True)
class State:
    """The answer of a board: its MicroPython, and the files of ours that are on it with their hashes."""

    platform: str
    text: str  # such as v1.29.0 on 2026-08-29
    version: tuple[int, ...]
    mpy: int
    build: str  # of MicroPython's builds; empty where it does not say
    machine: str
    slot: str
    free: int  # bytes
    main: str  # the beginning of main.py
    files: dict[str, str] = field(default_factory=dict)


def state(output: str) -> State:
    """Read what PROBE printed; raises ValueError when it did not get to its end."""
    about: dict[str, Any] = {}
    for line in output.splitlines():
        if line.startswith("i "):
            about = json.loads(line[2:])
    if not about:
        raise ValueError(f"no answer in {output!r}")
    about["text"] = about["text"].rpartition("MicroPython ")[2]
    return State(**{**about, "version": tuple(about["version"])}, files=hashes(output))


def hashes(output: str) -> dict[str, str]:
    """Read paths and hashes of the lines that _hash and _c print."""
    lines = (line.split(" ", 2) for line in output.splitlines() if line.startswith("f "))
    return {path: digest for _, digest, path in lines}


def pieces(path: str, content: bytes) -> list[str]:
    """Return the calls that write one file, in order."""
    chunks = [content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK)]
    return [f"_o({path!r})", *(f"_w({b64encode(chunk).decode()!r})" for chunk in chunks), f"_c({path!r})"]


def remove(paths: list[str]) -> str:
    """Return a script that removes files, and the folders in a slot that are empty then."""
    return (
        "import os\n"
        f"for p in {paths!r}:\n"
        " try:\n"
        "  os.remove(p)\n"
        "  while p.count('/')>2:\n"
        "   p=p[:p.rfind('/')]\n"
        "   os.rmdir(p)\n"
        " except OSError:\n"
        "  pass\n"
    )


def scripts(calls: list[str]) -> list[str]:
    """Join calls to as few scripts as a board has room for."""
    joined, size = [[]], 0  # type: tuple[list[list[str]], int]
    for call in calls:
        if size and size + len(call) > _SCRIPT:
            joined.append([])
            size = 0
        joined[-1].append(call)
        size += len(call)
    return ["\n".join(each) for each in joined]
