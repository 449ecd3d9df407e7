"""Field names of earlier versions in stored JSON; columns are renamed by migrations."""

from __future__ import annotations

from collections.abc import Mapping

from branchwise.store.records import Json, VerifiedBy

_RENAMED = {"vouch": "verified_by", "arm": "strategy"}
"""Fields of results and journals of version 0.1."""


NO_LIMIT = 1_000_000
"""A number of samples without a limit in decisions of version 0.1; None today."""


def in_new_words(data: Json) -> Json:
    """Rename the fields of a stored object to today's names; other values are returned unchanged."""
    if not isinstance(data, Mapping):
        return data
    fields = {_RENAMED.get(name, name): value for name, value in data.items()}
    if isinstance(said := fields.get("verified_by"), str):
        fields["verified_by"] = str(VerifiedBy(said))
    return fields
