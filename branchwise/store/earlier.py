"""Words that earlier versions used in stored JSON; rows themselves are renamed by migrations."""

from __future__ import annotations

from collections.abc import Mapping

from branchwise.store.records import Json, VerifiedBy

_RENAMED = {"vouch": "verified_by", "arm": "strategy"}
"""Fields of results and journals of version 0.1."""


def in_new_words(data: Json) -> Json:
    """A stored object with its fields named as they are today; anything else as it is."""
    if not isinstance(data, Mapping):
        return data
    fields = {_RENAMED.get(name, name): value for name, value in data.items()}
    if isinstance(said := fields.get("verified_by"), str):
        fields["verified_by"] = str(VerifiedBy(said))
    return fields
