"""Who may read but not write: files, folders and roles."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from branchwise.store.database.database import Database
from branchwise.store.database.tables import runs
from branchwise.store.errors import StoreError
from branchwise.store.store import Store
from tests.store.conftest import DATABASES
from tests.store.database.test_database import ROW
from tests.store.scripted_run import new_run

_AS_NOBODY = """
import os, sys
import sqlalchemy as sa
from branchwise.store.database.database import Database
from branchwise.store.errors import StoreError
Database.open("sqlite://").close()
if os.geteuid() == 0:  # who may write everywhere
    os.setgid(65534)
    os.setuid(65534)
try:
    database = Database.open(sys.argv[1])
    print(database.read(lambda c: c.scalar(sa.text("SELECT count(*) FROM runs"))), "run")
    database.write(lambda c: c.execute(sa.text("DELETE FROM runs")))
except StoreError as error:
    print(error)
"""


def _as_nobody(path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout


def test_a_folder_that_takes_no_file_is_one_clear_error() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o555)
        said = _as_nobody(Path(name) / "runs.sqlite")
        assert "cannot be made" in said
        assert "--store" in said
        assert not list(Path(name).iterdir())


@pytest.mark.parametrize("open_elsewhere", [False, True])
@pytest.mark.parametrize("name", ["runs.sqlite", "50% of #1?.sqlite"])
def test_a_read_only_file_can_be_shown(open_elsewhere: bool, name: str) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        folder = Path(place)
        folder.chmod(0o755)
        database = Database.open(str(folder / name))
        database.write(lambda c: c.execute(sa.insert(runs), ROW))
        if not open_elsewhere:  # else its log holds the run, and nothing but the log
            database.close()
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        before = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}
        assert _as_nobody(folder / name).startswith("1 run\nThe file cannot be written")
        after = {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}
        assert after == before
        folder.chmod(0o755)
        database.close()


@pytest.mark.parametrize("url", DATABASES[1:], indirect=True)
async def test_a_role_with_select_alone_reads(url: str) -> None:
    place = sa.make_url(url)
    role = f"reader_{(place.database or '')[-8:]}"
    async with Store.opened(url) as store:
        run = await new_run(store)
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    postgres = place.get_backend_name() == "postgresql"
    made = (
        [f"CREATE ROLE {role} LOGIN PASSWORD 'x'", f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"]
        if postgres
        else [
            f"CREATE USER {role}@'%%' IDENTIFIED BY 'x'",
            f"GRANT SELECT ON {place.database}.* TO {role}@'%%'",
        ]
    )
    gone = [f"DROP OWNED BY {role}", f"DROP ROLE {role}"] if postgres else [f"DROP USER {role}@'%%'"]
    with admin.connect() as connection:
        for statement in made:
            connection.exec_driver_sql(statement)
    try:
        shown = place.set(username=role, password="x").render_as_string(hide_password=False)
        async with Store.opened(shown) as store:
            assert [one.id for one in await store.runs()] == [run.id]
            assert (await store.run(run.id)).status == "paused"
            assert await store.calls(run.id) == []
            assert run.id in await store.export(run.id)
            with pytest.raises(StoreError, match="role may not"):
                await store.cancel(run.id)
            with pytest.raises(StoreError, match="role may not"):
                await store.claim(run.id)
    finally:
        with admin.connect() as connection:
            for statement in gone:
                connection.exec_driver_sql(statement)
        admin.dispose()
