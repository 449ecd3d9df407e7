"""Ways out of the sandbox beside the usual ones: none leads anywhere."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from branchwise.environments.sandbox.sandbox import Limits, sandbox

pytestmark = pytest.mark.usefixtures("walled")
QUICK = Limits(seconds=2.0)
FOREIGN_CALL = """
import ctypes, mmap, platform
if platform.machine() != "x86_64": raise SystemExit("another processor")
m = mmap.mmap(-1, 4096, prot=7)
m.write(bytes.fromhex({code!r}))
print("called", ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))())
"""
ESCAPES = {
    "a 32-bit system call": FOREIGN_CALL.format(code="b867010000bb01000000b901000000ba00000000cd80c3"),
    "a system call of x32": "import ctypes\nprint('called', ctypes.CDLL(None).syscall(0x40000000 | 41, 1, 1, 0))",
    "clone3 with a new user": """
import ctypes, struct
if ctypes.CDLL(None).syscall(435, struct.pack("QQQQQQQQ", 0x10000000, 0, 0, 0, 17, 0, 0, 0), 64) >= 0: print("called")
""",
    "folders above the visible ones": """
import os
for start, up in (("/usr/lib", 3), ("/proc/self/root", 1), ("/proc/self/cwd", 2), ("/sandbox", 1)):
    place = "/".join([start, *[".."] * up])
    if {"home", "opt", "srv", "var"} & set(os.listdir(place)): print("seen", place)
""",
    "programs that change their user": """
import os, subprocess
for program in ("/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd"):
    if os.path.exists(program): subprocess.run([program, "--version"], capture_output=True, timeout=1)
if "NoNewPrivs:\\t1" not in open("/proc/self/status").read(): print("may win rights")
""",
    "switches of the kernel": """
for place in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/proc/kcore"):
    try:
        with open(place, "r+b", buffering=0) as file: file.write(b"0")
        print("written", place)
    except OSError: pass
""",
    "the sandbox's own first process": """
import os
for name in ("environ", "maps", "mem", "fd", "root", "cwd"):
    if os.path.lexists(f"/proc/1/{name}"): print("seen", name)
""",
    "a larger file system in memory": """
import ctypes
libc = ctypes.CDLL(None)
if libc.mount(b"none", b"/dev/shm", b"tmpfs", 32, b"size=4g") == 0 or libc.umount2(b"/tmp", 2) == 0: print("called")
""",
    "files of the interpreter": """
import json, os
for place in (json.__file__, "/sandbox/child.py", "/usr/bin/env", "/dev/null2", "/lib/x"):
    for change in (lambda: open(place, "a").close(), lambda: os.utime(place), lambda: os.rename(place, place + "2")):
        try:
            change()
            print("changed", place)
        except OSError: pass
""",
    "timers of the kernel": """
import ctypes
libc, made = ctypes.CDLL(None), 0
while made < 5000 and libc.syscall(222, 0, None, ctypes.byref(ctypes.c_int())) == 0: made += 1
if made >= 5000: print("made", made)
""",
    "the terminal": """
import fcntl, os
for place in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/vcs", "/dev/mem", "/dev/kvm", "/dev/fuse"):
    try: fcntl.ioctl(os.open(place, os.O_RDWR), 0x5412, b"x"); print("opened", place)
    except OSError: pass
""",
}
"""Programs that print what they reached."""


@pytest.mark.parametrize("program", ESCAPES.values(), ids=ESCAPES)
def test_nothing_is_reached(program: str) -> None:
    outcome = sandbox(program, limits=QUICK)
    assert outcome.output == ""
    assert outcome.end in {"finished", "died"}


OUTLIVING = {
    "stubborn": """
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        libc.prctl(1, 0, 0, 0, 0)
        os.closerange(0, 64)
        time.sleep(600)
time.sleep(600)
""",
    "stopped": """
for _ in range(3):
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(600)
os._exit(3)
""",
}


@pytest.mark.parametrize("program", OUTLIVING.values(), ids=OUTLIVING)
def test_nothing_outlives_the_sandbox(program: str) -> None:
    name = f"bw{secrets.token_hex(4)}"
    begin = f"import ctypes, os, signal, time\nlibc = ctypes.CDLL(None)\nlibc.prctl(15, b{name!r}, 0, 0, 0)\n"
    assert sandbox(begin + program, limits=QUICK).end in {"time", "died"}
    assert not [path for path in Path("/proc").glob("[0-9]*/comm") if _read(path) == name]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
