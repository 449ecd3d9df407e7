"""Filter of system calls for sandboxed programs (Linux seccomp BPF).

Calls that are not listed are allowed: bubblewrap provides the other isolation. The list closes what namespaces
leave open: memory that no limit counts (memfd, System V), sockets, keyrings, io_uring, and new user namespaces.
"""

from __future__ import annotations

import errno
import platform
import struct

_X86_64, _AARCH64 = 0xC000003E, 0xC00000B7
_X32_BIT = 0x40000000
_NEW_NAMESPACES = 0x7E020000
"""The flags of `clone` that make namespaces."""
_DENIED = {
    _X86_64: (
        # memory outside the limits: memfd_create, memfd_secret, shmget, shmat, shmctl, semget, msgget, mq_open
        *(319, 447, 29, 30, 31, 64, 68, 240),
        # socket; socketpair stays allowed, because asyncio needs it
        41,
        # keyrings, io_uring, bpf, perf_event_open, userfaultfd
        *(248, 249, 250, 425, 426, 427, 321, 298, 323),
        # ptrace, process_vm_readv, process_vm_writev, kcmp, pidfd_getfd
        *(101, 310, 311, 312, 438),
        # unshare, setns, mounts old and new, chroot, file handles, fanotify
        *(272, 308, 165, 166, 155, 161, 428, 429, 430, 431, 432, 433, 442, 303, 304, 300),
        # modules, kexec, reboot, swap, accounting, quota, clocks, host names, personality, syslog
        *(175, 313, 176, 246, 320, 169, 167, 168, 163, 179, 164, 227, 305, 159, 170, 171, 135, 103),
        # lookup_dcookie, vhangup, modify_ldt, iopl, ioperm, uselib
        *(212, 153, 154, 172, 173, 134),
    ),
    _AARCH64: (
        *(279, 447, 194, 196, 195, 190, 186, 180),
        198,
        *(217, 218, 219, 425, 426, 427, 280, 241, 282),
        *(117, 270, 271, 272, 438),
        *(97, 268, 40, 39, 41, 51, 428, 429, 430, 431, 432, 433, 442, 264, 265, 262),
        *(105, 273, 106, 104, 294, 142, 224, 225, 89, 60, 170, 112, 266, 171, 161, 162, 92, 116),
        *(18, 58),
    ),
}
_CLONE = {_X86_64: 56, _AARCH64: 220}
_CLONE3 = 435
_MACHINES = {"x86_64": _X86_64, "amd64": _X86_64, "aarch64": _AARCH64, "arm64": _AARCH64}
_LOAD = 0x20
_EQUAL = 0x15
_AT_LEAST = 0x35
_ANY_BIT = 0x45
_RETURN = 0x06
_NUMBER = 0
_ARCHITECTURE = 4
_FIRST_ARGUMENT = 16
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_FAIL = 0x00050000


def seccomp_filter() -> bytes | None:
    """The filter for this machine, or None if its processor is neither x86-64 nor Arm 64."""
    machine = _MACHINES.get(platform.machine().lower())
    return None if machine is None else _assembled(machine)


def _assembled(machine: int) -> bytes:
    denied = _DENIED[machine]
    # Jumps go forward by a number of instructions. After the tests come: allow, refuse, no such call, kill.
    at = len(denied)
    body = at + 4  # one test a denied call, then clone3, clone and the look at its flags
    allow, refuse, unknown, kill = (body + place for place in range(4))
    code = [
        _one(_LOAD, 0, 0, _ARCHITECTURE),
        _one(_EQUAL, 1, 0, machine),
        _one(_RETURN, 0, 0, _KILL),
        _one(_LOAD, 0, 0, _NUMBER),
        _one(_AT_LEAST, kill, 0, _X32_BIT),
    ]
    code += [_one(_EQUAL, refuse - place - 1, 0, number) for place, number in enumerate(denied)]
    code += [
        _one(_EQUAL, unknown - at - 1, 0, _CLONE3),
        _one(_EQUAL, 0, allow - at - 2, _CLONE[machine]),
        _one(_LOAD, 0, 0, _FIRST_ARGUMENT),
        _one(_ANY_BIT, refuse - at - 4, allow - at - 4, _NEW_NAMESPACES),
        _one(_RETURN, 0, 0, _ALLOW),
        _one(_RETURN, 0, 0, _FAIL | errno.EPERM),
        _one(_RETURN, 0, 0, _FAIL | errno.ENOSYS),
        _one(_RETURN, 0, 0, _KILL),
    ]
    return b"".join(code)


def _one(code: int, then: int, otherwise: int, operand: int) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, operand)
