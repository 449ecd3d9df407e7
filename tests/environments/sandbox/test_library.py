"""Python's standard library works in the sandbox, whatever of it reaches beyond the interpreter."""

from __future__ import annotations

import pytest

from branchwise.environments.sandbox.sandbox import Limits, sandbox

pytestmark = pytest.mark.usefixtures("walled")
LIBRARY = {
    "locks": """
import multiprocessing
lock = multiprocessing.Lock()
with lock: print(lock)
""",
    "processes": """
import multiprocessing
def double(x): return 2 * x
context = multiprocessing.get_context("fork")
with context.Pool(2) as pool: print(pool.map(double, range(5)))
queue = context.Queue()
child = context.Process(target=queue.put, args=(7,))
child.start(); print(queue.get()); child.join()
value = context.Value("i", 3)
with value.get_lock(): value.value += 1
print(value.value)
""",
    "executors": """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
with ThreadPoolExecutor(2) as pool: print(list(pool.map(len, ["a", "bb"])))
with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool: print(list(pool.map(len, ["a", "bb"])))
""",
    "shared memory": """
from multiprocessing import shared_memory
one = shared_memory.SharedMemory(create=True, size=10**6)
one.buf[0] = 7
two = shared_memory.SharedMemory(one.name)
print(two.buf[0])
two.close(); one.close(); one.unlink()
""",
    "ctypes": """
import ctypes
print(ctypes.CDLL(None).abs(-3), ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 4)())
""",
    "sqlite3": """
import sqlite3
c = sqlite3.connect('x.db')
c.execute('create table t (a)')
print(sqlite3.connect(':memory:').execute('select 1').fetchone())
""",
    "zoneinfo": """
import zoneinfo
print(len(zoneinfo.available_timezones()) > 400, zoneinfo.ZoneInfo('Asia/Tokyo'))
""",
    "ssl": """
import ssl
print(ssl.create_default_context().protocol)
""",
    "tempfile": """
import tempfile
with tempfile.NamedTemporaryFile() as f: print(f.name)
with tempfile.TemporaryDirectory() as d: print(d)
""",
    "subprocess": """
import subprocess, sys
print(subprocess.check_output([sys.executable, '-c', 'import json; print(json.dumps(1))']))
""",
    "asyncio": """
import asyncio
async def two():
    p = await asyncio.create_subprocess_exec('/bin/true')
    return await p.wait()
print(asyncio.run(two()))
""",
    "threads": """
import threading, queue
q = queue.Queue()
t = [threading.Thread(target=q.put, args=(i,)) for i in range(3)]
[x.start() for x in t]; [x.join() for x in t]; print(q.qsize())
""",
    "compression": """
import bz2, lzma, zlib, gzip
print(*(m.decompress(m.compress(b'x')) for m in (bz2, lzma, zlib, gzip)))
""",
    "decimals and dates": """
import decimal, datetime, calendar, locale
print(decimal.Decimal(1) / 3, calendar.month_name[2], locale.getlocale())
""",
    "hashes": """
import hashlib, hmac, secrets, uuid
print(hashlib.blake2b(b'x').hexdigest()[:4], hmac.digest(b'k', b'm', 'sha256')[:2], uuid.uuid4().version)
""",
    "mmap": """
import mmap
m = mmap.mmap(-1, 4096); m[:1] = b'x'; print(m[:1])
""",
    "data": """
import csv, json, pickle, shelve, tomllib, xml.etree.ElementTree as e
with shelve.open('s') as s: s['a'] = 1
print(e.fromstring('<a/>').tag, tomllib.loads('a=1'))
""",
}
"""Programs that use parts of the standard library, each in the way in which it reaches beyond the interpreter."""


@pytest.mark.parametrize("program", LIBRARY.values(), ids=LIBRARY)
def test_the_standard_library_works(program: str) -> None:
    outcome = sandbox(program, limits=Limits(seconds=10.0))
    assert (outcome.end, outcome.error) == ("finished", ""), outcome
    assert outcome.output
