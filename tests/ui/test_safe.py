"""Hostile texts, pages of other sites, other hosts, and paths that a row names."""

from __future__ import annotations

from pathlib import Path

import aiohttp
from playwright.async_api import Page, expect

from branchwise.store.records import Node, Verdict, VerifiedBy
from branchwise.store.runs import new_id
from branchwise.store.store import Store
from tests.ui.conftest import looking

HOSTILE = (
    "</script><script>window.owned=1</script><img src=http://203.0.113.9/x onerror='window.owned=2'>"
    "<svg onload=window.owned=3><a href='javascript:window.owned=4'>a</a>\u2028\ud800"
)
VIEWS = ("node", "decisions", "calls", "budget", "acts", "history")


async def hostile_run(store: Store) -> str:
    run = await store.create_run(task="text", strategy="mcts", model=HOSTILE, spec={"problem": HOSTILE})
    lease = await store.claim(run.id)
    nodes = [Node(id="0", parent=None), Node(id="0.0", parent="0", depth=1, text=HOSTILE, feedback=HOSTILE)]
    await store.add_nodes(lease, nodes)
    said = Verdict(score=1, accepted=False, feedback=HOSTILE, verified_by=VerifiedBy.MODEL, verifier="v")
    await store.add_verdicts(lease, [("0.0", said)])
    page = {"url": HOSTILE, "title": HOSTILE, "observation": HOSTILE, "screenshot": "/etc/passwd"}
    await store.add_decision(lease, "arrival/0.0", "arrival", page)
    await store.add_decision(lease, "plan", "plan", {HOSTILE: HOSTILE})
    terms = {HOSTILE: dict.fromkeys(("exploitation", "total"), 1.0)}
    await store.add_decision(
        lease, "t1/select", "select", {"strategy": HOSTILE, "mode": "mean", "terms": terms}
    )
    await store.finish(lease, {"answer": HOSTILE, "reason": HOSTILE, "solved": False})
    return run.id


async def test_hostile_texts_run_no_script(sqlite_url: str, page: Page) -> None:
    async with Store.opened(sqlite_url) as store, looking(sqlite_url) as at:
        run_id = await hostile_run(store)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        await page.goto(at.url)
        await expect(page.get_by_role("row")).to_have_count(2)
        for view in VIEWS:
            await page.goto(f"{at.url}/?run={run_id}&node=0.0&view={view}")
            await expect(page.get_by_role("tabpanel")).not_to_be_empty()
            await expect(page.get_by_role("treeitem")).to_have_count(2)
            assert await page.evaluate("window.owned") is None
            assert await page.locator("img, svg[onload], a[href^=javascript], script:not([src])").count() == 0
        await page.goto(f"{at.url}/?run={run_id}&node=0.0")
        await expect(page.get_by_text("onerror='window.owned=2'").first).to_be_visible()
        assert dialogs == []


async def test_other_pages_and_other_names_are_refused(sqlite_url: str) -> None:
    async with looking(sqlite_url) as at, aiohttp.ClientSession() as session:

        async def status(path: str, **headers: str) -> int:
            async with session.get(f"{at.url}{path}", headers=headers) as reply:
                return reply.status

        assert await status("/ui/runs") == 200
        assert await status("/ui/runs", Origin="http://evil.example") == 403
        assert await status("/ui/runs", Host="evil.example", Origin="http://evil.example") == 403
        assert await status("/ui/runs", Host="evil.example") == 403
        assert await status("/ui/runs", Origin=at.url) == 200
        async with session.get(at.url) as reply:
            policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert await status("/assets/..%2Fstatic_files.py") == 404


async def test_a_row_names_no_other_file(sqlite_url: str, tmp_path: Path) -> None:
    """Only files of a run's own screenshot folder are read, whatever a row of another machine says."""
    async with (
        Store.opened(sqlite_url) as store,
        looking(sqlite_url) as at,
        aiohttp.ClientSession() as session,
    ):
        run = await store.create_run(task="web", strategy="s", model="m", spec={}, id=new_id())
        lease = await store.claim(run.id)
        own = tmp_path / run.id / "0.0-0a.jpg"
        own.parent.mkdir()
        own.write_bytes(b"\xff\xd8\xff")
        other = tmp_path / "0.1-0a.jpg"
        other.write_bytes(b"secret")
        for name, path in (
            ("0.0", own),
            ("0.1", other),
            ("0.2", "/etc/passwd"),
            ("0.3", own.parent / "../0.1-0a.jpg"),
        ):
            await store.add_decision(lease, f"arrival/{name}", "arrival", {"screenshot": str(path)})

        async def status(node: str) -> int:
            async with session.get(f"{at.url}/ui/runs/{run.id}/screenshot?node={node}") as reply:
                return reply.status

        assert [await status(f"0.{number}") for number in range(5)] == [200, 404, 404, 404, 404]
