"""Hostile programs stay contained. Nothing here is mocked: the programs really run."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from branchwise.environments.sandbox import bubblewrap
from branchwise.environments.sandbox.sandbox import Limits, ProgramOutcome, SandboxError, sandbox

QUICK = Limits(seconds=1.0, processes=6)


pytestmark = pytest.mark.usefixtures("walled")


def run(program: str, limits: Limits = QUICK) -> ProgramOutcome:
    return sandbox(program, limits=limits)


@pytest.fixture
def name() -> Iterator[str]:
    """A process name that no other process has; afterwards none has it."""
    unique = f"bw{secrets.token_hex(4)}"
    yield unique
    left = [_reads(path) for path in Path("/proc").glob("[0-9]*/stat")]
    assert not [stat for stat in left if f"({unique}) " in stat and f"({unique}) Z" not in stat]


def _reads(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def named(name: str, program: str) -> str:
    return f"import ctypes\nctypes.CDLL(None).prctl(15, {name!r}.encode(), 0, 0, 0)\n{program}"


def test_a_good_program_finishes() -> None:
    outcome = run("import math, typing, re\nprint(math.sqrt(16))")
    assert (outcome.end, outcome.error, outcome.output) == ("finished", "", "4.0\n")
    assert outcome.walls == {"files", "network", "processes", "user"}


def test_an_exception_is_reported() -> None:
    outcome = run("print('before')\nassert 1 == 2, 'one is not two'")
    assert (outcome.end, outcome.error) == ("raised", "AssertionError: one is not two")
    assert outcome.output == "before\n"


@pytest.mark.parametrize("program", ["import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)"])
def test_dying_is_not_finishing(program: str) -> None:
    assert run(program).end == "died"


@pytest.mark.parametrize(
    "program", ["import sys; sys.exit(0)", "raise KeyboardInterrupt", "(", "def f(): f()\nf()"]
)
def test_leaving_early_is_not_finishing(program: str) -> None:
    assert run(program).end == "raised"


def test_endless_loops_end(name: str) -> None:
    assert run(named(name, "while True: pass")).end == "time"
    assert run(named(name, "import time; time.sleep(99)")).end == "time"


def test_endless_output_ends(name: str) -> None:
    outcome = run(named(name, "while True: print('x' * 1000)"))
    assert outcome.end == "output"
    assert len(outcome.output) == QUICK.output


def test_a_fork_bomb_is_contained(name: str) -> None:
    bomb = """
import os
made = 0
try:
    while True:
        if os.fork() == 0:
            while True:
                try: os.fork()
                except OSError: pass
        made += 1
        if made > 1000: break
except OSError:
    pass
print(made)
"""
    outcome = run(named(name, bomb))
    assert outcome.end == "processes" or int(outcome.output) < 20


def test_threads_count_too(name: str) -> None:
    program = """
import threading, time
made = 0
try:
    for _ in range(200):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
print(made)
"""
    outcome = run(named(name, program))
    assert int(outcome.output) < 20


def test_what_slips_away_dies_too(name: str) -> None:
    program = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        time.sleep(600)
    os._exit(0)
time.sleep(0.1)
"""
    assert run(named(name, program)).end == "finished"


def test_memory_is_limited() -> None:
    assert run("x = bytearray(2 ** 31)").error.startswith("MemoryError")


def test_nothing_outside_can_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    mine.chmod(0o666)
    places = [str(mine), str(tmp_path / "new"), "/etc/bw", "/var/tmp/bw", "/dev/bw", "/run/bw", "/bw"]
    program = f"""
import os
for place in {places!r} + [os.path.expanduser('~/bw')]:
    try:
        open(place, 'w').write('yours')
        print('wrote', place)
    except OSError:
        pass
open('here', 'w').write('fine')
print(open('here').read())
"""
    assert run(program).output == "fine\n"
    assert mine.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert not Path("/tmp/here").exists()


def test_the_folder_is_small() -> None:
    outcome = run("f = open('big', 'wb')\nfor _ in range(200): f.write(bytes(2 ** 20)); f.flush()")
    assert outcome.end in {"raised", "died"}
    assert run("for i in range(10 ** 6): open(f'{i}', 'w').close()").end == "files"


def test_files_in_memory_count_as_memory() -> None:
    fill = """
import time
with open({place!r}, 'wb') as f:
    for _ in range({size}): f.write(bytes(2**20)); f.flush()
time.sleep(1)
"""
    little = Limits(seconds=3.0, memory=64 * 2**20, disk=64 * 2**20)
    for place in ("/dev/shm/big", "/tmp/big"):
        assert run(fill.format(place=place, size=63), little).end == "memory"
        assert run(fill.format(place=place, size=8), little).end == "finished"
    assert run("import os\nfor i in range(10**6): os.mkdir(f'/dev/shm/{i}')").end == "files"
    assert not list(Path("/dev/shm").glob("big"))


def test_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.settimeout(0.01)
        outcome = run(f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)")
        assert outcome.end == "raised"
        with pytest.raises(TimeoutError):
            server.accept()
    assert run("import socket\nsocket.create_connection(('1.1.1.1', 53), 1)").end == "raised"


def test_no_abstract_sockets() -> None:
    address = f"\0bw{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        program = f"import socket\nsocket.socket(socket.AF_UNIX).connect({address!r})"
        assert run(program).error.startswith("PermissionError")


def test_signals_reach_nobody() -> None:
    program = f"""
import os, signal
for target in ({os.getpid()}, {os.getppid()}, os.getppid(), 1):
    try:
        os.kill(target, signal.SIGKILL)
        print('killed', target)
    except (ProcessLookupError, PermissionError):
        pass
print('alive')
"""
    outcome = run(program)
    assert (outcome.end, outcome.output) == ("finished", "alive\n") or os.getuid() != 0
    run("import os\nos.kill(-1, 9)")
    run("import os\nos.killpg(0, 9)")


def test_a_report_without_the_token_counts_for_nothing() -> None:
    program = """
import json, os
for fd in range(3, 64):
    try: os.write(fd, json.dumps({'token': 'guess', 'error': ''}).encode() + b'\\n')
    except OSError: pass
os._exit(0)
"""
    assert run(program).end == "died"


def test_rights_cannot_be_won_back() -> None:
    program = """
import os
for regain in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.chroot('/'), lambda: os.nice(-5)):
    try:
        regain()
        print('regained')
    except OSError:
        pass
import ctypes
print(ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None))
"""
    assert run(program).output == "-1\n"


def test_nothing_of_the_user_is_there(tmp_path: Path) -> None:
    mine = tmp_path / "id_rsa"
    mine.write_text("MARK")
    mine.chmod(0o644)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "agent"))
        server.listen()
        program = f"""
import os, socket
for place in ({str(mine)!r}, "/etc/passwd", "/etc/shadow", "/proc/1/environ", "/proc/1/mem", "/run", "/var", "/home"):
    print(os.path.exists(place))
try:
    socket.socket(socket.AF_UNIX).connect({str(tmp_path / "agent")!r})
    print("connected")
except OSError:
    pass
print([value for value in os.environ.values() if "branchwise" in value])
"""
        assert run(program).output == "False\n" * 8 + "[]\n"


def test_all_processes_together_have_one_memory() -> None:
    program = """
import os, time
for _ in range(5):
    if os.fork() == 0:
        held = bytearray(150 * 2**20)
        time.sleep(5)
time.sleep(5)
"""
    assert run(program).end == "memory"


CALLS = {
    "memfd_create": "os.memfd_create('x')",
    "shmget": "libc.shmget(1, 4096, 0o1600)",
    "socket": "socket.socket()",
    "unshare": "libc.unshare(0x10000000)",
    "clone": "libc.syscall({'x86_64': 56, 'aarch64': 220}[os.uname().machine], 0x10000000 | 17, 0, 0, 0, 0)",
    "io_uring_setup": "libc.syscall(425, 1, ctypes.create_string_buffer(256))",
    "keyctl": "libc.syscall({'x86_64': 250, 'aarch64': 219}[os.uname().machine], 0, -3, 1)",
    "bpf": "libc.syscall({'x86_64': 321, 'aarch64': 280}[os.uname().machine], 0, 0, 0)",
    "ptrace": "libc.ptrace(16, 1, 0, 0)",
    "mount": "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_calls_that_no_wall_covers_are_refused(call: str) -> None:
    program = f"""
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
try:
    print("refused" if {call} == -1 and ctypes.get_errno() == 1 else "done")
except PermissionError:
    print("refused")
"""
    assert run(program).output == "refused\n"


def test_the_whole_standard_library_is_there() -> None:
    names = sorted(
        name
        for name in sys.stdlib_module_names
        if not name.startswith("_")
        and importlib.util.find_spec(name) is not None
        and name not in {"antigravity", "this"}
    )
    program = f"""
import importlib
for name in {names!r}:
    importlib.import_module(name)
import zoneinfo
print("é".encode("cp1252"), zoneinfo.ZoneInfo("Europe/Paris"))
"""
    outcome = run(program, Limits(seconds=10.0))
    assert (outcome.error, outcome.output) == ("", "b'\\xe9' Europe/Paris\n")


def test_event_loops_and_child_processes_work() -> None:
    program = """
import asyncio, subprocess, sys
async def four(): return 4
print(asyncio.run(four()), subprocess.run([sys.executable, "-c", "print(5)"], capture_output=True, text=True).stdout)
"""
    assert run(program).output == "4 5\n\n"


def test_an_exception_is_said_in_few_words() -> None:
    assert len(run("raise ValueError('x' * 10 ** 6)").error) <= 200
    assert run("class E(Exception):\n    def __str__(self): raise E\nraise E").error == "E: "


def test_without_walls_nothing_runs_unless_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv(bubblewrap.UNSAFE, raising=False)
    bubblewrap._probed.cache_clear()
    try:
        with pytest.raises(SandboxError, match="Install bubblewrap"):
            sandbox("print('ran')")
        monkeypatch.setenv(bubblewrap.UNSAFE, "1")
        outcome = sandbox("print('ran')", limits=QUICK)
        assert (outcome.end, outcome.output, outcome.walls) == ("finished", "ran\n", frozenset())
        assert sandbox("x = bytearray(2 ** 31)", limits=QUICK).error.startswith("MemoryError")
    finally:
        bubblewrap._probed.cache_clear()
