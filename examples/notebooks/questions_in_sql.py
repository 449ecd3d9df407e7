# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Questions in SQL
# Runs are rows: `docs/tables.md` describes the tables and views. First, some runs to ask about; the model `uniform` draws allowed
# answers by chance.

# %%
import sqlalchemy as sa

import branchwise

STORE = "sqlite:///notebook.sqlite"
PROBLEM = """You need to schedule a meeting for Ann and Bob for {} between the work hours of 9:00 to 17:00 on Monday.

Here are the existing schedules for everyone during the day:
Ann is busy on Monday during 9:00 to 11:30, 12:30 to 14:00;
Bob is busy on Monday during 14:30 to 16:00;

Find a time that works for everyone's schedule and constraints."""
ids = await branchwise.submit(
    [PROBLEM.format(long) for long in ("one hour", "half an hour")],
    task="calendar",
    strategy="best_of_n",
    knobs={"n": 32},
    model="uniform",
    store=STORE,
)
ended = await branchwise.work(until_empty=True, store=STORE)
print("ended:", ended)


# %%
def ask(question: str) -> None:
    """Print the rows of an answer."""
    engine = sa.create_engine(STORE)
    with engine.connect() as connection:
        rows = connection.execute(sa.text(question)).mappings().all()
    engine.dispose()
    for row in rows:
        print(dict(row))


# %% [markdown]
# ## Which runs are solved, and at what cost?

# %%
ask("""
    SELECT r.status, COUNT(*) AS runs, SUM(n.tokens) AS tokens
    FROM runs r JOIN nodes n ON n.run_id = r.id GROUP BY r.status
""")

# %% [markdown]
# ## How many of the sampled answers did the checker accept?

# %%
ask("""
    SELECT run_id, COUNT(*) AS answers, SUM(CASE WHEN accepted THEN 1 ELSE 0 END) AS accepted
    FROM nodes WHERE complete GROUP BY run_id ORDER BY run_id
""")
