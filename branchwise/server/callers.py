"""Who calls: API keys, their limits, and whose a run is."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from starlette.requests import Request

from branchwise.server.key_options import KeyOptions, limits_of
from branchwise.server.refusals import Refusal
from branchwise.server.serving import Serving
from branchwise.store import api_keys
from branchwise.store.errors import BadInput, StoreError, UnknownName
from branchwise.store.rows import RunRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who calls; while no key was made everyone on this machine, whose id is empty."""

    id: str = ""
    limits: KeyOptions = field(default_factory=KeyOptions)
    operator: bool = False
    """Whether it has the key that the server's own terminal shows: all runs are its own."""

    @property
    def may_act(self) -> bool:
        """Whether it has a key."""
        return self.operator or bool(self.id)

    @property
    def key(self) -> str | None:
        """The id of its API key, if it has one."""
        return self.id or None

    def check_model(self, strategy: str, task: str) -> None:
        """Refuse a strategy or task that the key may not use.

        Raises:
            Refusal: It may not.
        """
        names = (f"branchwise/{strategy}", f"branchwise/{strategy}@{task}")
        allowed = self.limits.models
        if allowed and not any(fnmatchcase(name, one) for one in allowed for name in names):
            said = f"This key may not use `{names[1]}`; it may use {', '.join(allowed)}."
            raise Refusal(message=said, status=403, code="model_not_allowed", param="model")

    async def own(self, serving: Serving, run_id: str) -> RunRecord:
        """The stored run of exactly this id, if it is the caller's: its own, or a sub-run of one.

        Raises:
            UnknownName: There is none that the caller may see.
        """
        unknown = UnknownName("run", run_id, ())
        run = await serving.store.exact_run(run_id)
        if run is None:
            raise unknown
        above = run
        while above.parent is not None and above.api_key is None:
            above = await serving.store.run(above.parent)
        if self.id and above.api_key != self.id:
            raise unknown
        return run


async def authenticate(request: Request, serving: Serving) -> Caller:
    """The caller of a request.

    Raises:
        Refusal: A key was made, be it revoked or expired since, and the request names no valid one.
        StoreError: The store does not answer.
    """
    secret = _secret(request)
    database = serving.store.database
    operator = serving.settings.operator_key
    if operator and hmac.compare_digest(secret.encode(), operator.encode()):
        return Caller(operator=True)
    if secret.startswith(api_keys.PREFIX):
        found = await database.aread(lambda connection: api_keys.find(connection, secret))
        if found is not None and found.valid:
            try:
                return Caller(id=found.id, limits=limits_of(found.limits))
            except BadInput as error:
                raise StoreError(f"The key `{found.id}` is of another version: {error}") from error
    elif serving.settings.open and not await database.aread(api_keys.any_made):
        return Caller()
    raise Refusal(
        message="The request needs an API key of this server, as `Authorization: Bearer bw-...`.",
        status=401,
        code="invalid_api_key",
        headers={"www-authenticate": "Bearer"},
    )


def _secret(request: Request) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
