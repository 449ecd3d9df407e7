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
# # A first search
# A meeting is to be found that suits three people. The model `uniform` draws allowed answers by chance, so this notebook needs no
# engine; put the name of a model of yours in its place. What a uniform draw solves is what the constraints and the checker bring;
# a real model must beat it.

# %%
import branchwise

PROBLEM = """You need to schedule a meeting for Ann, Bob and Cem for one hour between the work hours of 9:00 to 17:00 on Monday.

Here are the existing schedules for everyone during the day:
Ann is busy on Monday during 9:00 to 10:30, 12:00 to 13:00;
Bob is busy on Monday during 11:30 to 12:00, 14:00 to 15:00;
Cem is busy on Monday during 9:30 to 11:00, 13:00 to 14:00, 15:30 to 16:00;

Find a time that works for everyone's schedule and constraints."""
STORE = "sqlite:///notebook.sqlite"

# %% [markdown]
# A notebook may await. `solve_sync` does the same in a script.

# %%
result = await branchwise.solve(
    PROBLEM, task="calendar", strategy="best_of_n", knobs={"n": 64}, model="uniform", store=STORE
)
print(result.answer, "| verified by:", result.verified_by)

# %% [markdown]
# A notebook shows the last value of a cell: here the answer, the verdict and the bill.

# %%
result

# %% [markdown]
# ## Another strategy on the same problem
# Tree of Thoughts takes steps (a day, then a time), judges them and continues the best ones.

# %%
for strategy in ("best_of_n", "tree_of_thoughts", "depth_first"):
    again = await branchwise.solve(
        PROBLEM, task="calendar", strategy=strategy, model="uniform", store=STORE, budget={"calls": 40}
    )
    print(f"{strategy:18} solved: {again.solved!s:5} calls: {again.usage.calls}")

# %% [markdown]
# One problem says nothing of which strategy is better; `branchwise bench run` compares them on many, with intervals.
