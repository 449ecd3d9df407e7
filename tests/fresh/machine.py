"""A minimal Debian in a folder, in which commands run as an ordinary user without locale and environment."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = "/home/some one"
CHECKOUT = f"{HOME}/a checkout"
USER = 1234
_CONFIGURATION = (Path("/etc/pip.conf"), Path("~/.config/pip/pip.conf"), Path("~/.pip/pip.conf"))
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_SETUP = """
set -e
mount --make-rprivate /
{loopback}
mount -t proc proc {root}/proc
mount --rbind /dev {root}/dev
{binds}
exec chroot {user} {root} /usr/bin/env -i {environment} /bin/sh -c {command}
"""


def missing() -> str:
    """Why no machine can be made here; empty if one can."""
    if shutil.which("debootstrap") is None:
        return "debootstrap is not installed (apt install debootstrap)"
    if os.geteuid() != 0:
        return "debootstrap and chroot need root"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return "this system allows no mount namespaces"
    return ""


@dataclass(frozen=True, kw_only=True)
class Done:
    """A command's exit status, and its output with its errors."""

    status: int
    output: str


class Machine:
    """A chroot with make and Python, and a checkout of this repository in a folder with a space in its name."""

    def __init__(self, folder: Path, suite: str, mirror: str, *, keep: bool = False) -> None:
        """Make the machine, or use the one that is there; `keep` keeps its checkout too, if it has one."""
        self.root = folder / suite
        if not (self.root / "etc/debian_version").exists():
            command = ["debootstrap", "--variant=minbase", "--include=make,python3,ca-certificates"]
            subprocess.run([*command, suite, str(self.root), mirror], check=True, stdout=subprocess.DEVNULL)
            with (self.root / "etc/passwd").open("a", encoding="utf-8") as users:
                users.write(f"someone:x:{USER}:{USER}::{HOME}:/bin/sh\n")
        self._pip = _pip()
        self._binds = [path for path in _local(self._pip) if path.exists()]
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        if _CERTIFICATES.exists():
            shutil.copy(_CERTIFICATES, self.root / _CERTIFICATES.relative_to("/"))
        if not (keep and (self.root / CHECKOUT.lstrip("/")).exists()):
            self.check_out()

    def check_out(self) -> None:
        """Copy the commit that is checked out; it belongs to the user."""
        place = self.root / CHECKOUT.lstrip("/")
        shutil.rmtree(self.root / HOME.lstrip("/"), ignore_errors=True)
        place.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(place)], input=archive, check=True)
        self.own(HOME, USER)

    def own(self, path: str, user: int) -> None:
        """Give a path and all below it to a user."""
        subprocess.run(["chown", "-R", f"{user}:{user}", str(self.root / path.lstrip("/"))], check=True)

    def install(self, *packages: str) -> None:
        """Install packages of Debian."""
        names = " ".join(packages)
        done = self.run(
            f"apt-get update -qq && apt-get install -qq -y --no-install-recommends {names}", user=0
        )
        if done.status:
            raise RuntimeError(done.output[-2000:])

    def run(
        self,
        command: str,
        *,
        user: int = USER,
        environment: Mapping[str, str] | None = None,
        network: bool = True,
        minutes: float = 20,
    ) -> Done:
        """Run a shell command in the checkout, with HOME and PATH, pip's configuration, and nothing else set.

        Args:
            command: The command.
            user: The user's number; 0 is root.
            environment: More variables, or others.
            network: Whether the network can be reached; this machine's own addresses always can.
            minutes: Minutes after which it is killed.
        """
        variables = {
            "HOME": HOME,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            **self._pip,
            **(environment or {}),
        }
        root = shlex.quote(str(self.root))
        binds = "\n".join(
            f"mkdir -p {root}{shlex.quote(str(one))} && mount --bind -o ro {shlex.quote(str(one))} "
            f"{root}{shlex.quote(str(one))}"
            for one in self._binds
        )
        script = _SETUP.format(
            root=root,
            binds=binds,
            loopback="" if network else "ip link set lo up",
            user=f"--userspec={user}:{user}" if user else "",
            environment=" ".join(shlex.quote(f"{name}={value}") for name, value in variables.items()),
            command=shlex.quote(f"cd {shlex.quote(CHECKOUT)} && {command}"),
        )
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
        try:
            done = subprocess.run(
                [*apart, "sh", "-c", script],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                timeout=minutes * 60,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            return Done(status=124, output=(late.stdout or b"").decode(errors="replace"))
        return Done(status=done.returncode, output=done.stdout.decode(errors="replace"))


def _pip() -> dict[str, str]:
    """This machine's configuration of pip, files and variables, as variables."""
    found: dict[str, str] = {}
    for file in _CONFIGURATION:
        parser = ConfigParser(interpolation=None)
        try:
            parser.read(file.expanduser())
        except Error:
            continue
        for section in parser.sections():
            for name, value in parser[section].items():
                found[f"PIP_{name.upper().replace('-', '_')}"] = " ".join(value.split())
    found |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return found


def _local(pip: Mapping[str, str]) -> list[Path]:
    """Folders of this machine that pip's configuration names."""
    words = [word.removeprefix("file://") for value in pip.values() for word in value.split()]
    tops = {re.sub(r"/simple/?$", "", word) for word in words if word.startswith("/")}
    return sorted(Path(top) for top in tops if Path(top) != _CERTIFICATES)
