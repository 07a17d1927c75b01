"""A world in which the process ends before or after any one statement, chosen by its number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from server.privacy.anonymising import Anonymising
from server.privacy.erasing import Erasing
from server.privacy.exporting import Exporting
from server.privacy.holding_store import HoldingStore
from server.privacy.holdings import HOLDINGS
from server.privacy.model import ANONYMISE, ERASE, EXPORT, WITHDRAW
from server.privacy.withdrawing import Withdrawing
from tests.fakes import Crash

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from server.services import Services


@dataclass
class Fate:
    """Counts statements that write, and ends the process at one of them; `at` None ends nothing."""

    at: int | None = None
    count: int = 0

    def strike(self) -> None:
        self.count += 1
        if self.at is not None and self.count == self.at:
            raise Crash


class Mortal:
    """A collection, store or database whose writes may be the last thing that happens, done or not."""

    def __init__(self, real: Any, fate: Fate) -> None:  # noqa: ANN401 - anything with methods
        self._real = real
        self._fate = fate

    def __getitem__(self, name: str) -> Mortal:
        return Mortal(self._real[name], self._fate)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        found = getattr(self._real, name)
        return self._deadly(found) if name in _WRITES else found

    def _deadly(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def written(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self._fate.strike()
            result = await write(*args, **kwargs)
            self._fate.strike()
            return result

        return written


_WRITES = {
    *("delete_many", "delete_one", "update_one", "update_many", "replace_one", "insert_one"),
    *(
        "remove",
        "anonymise",
        "withdraw",
        "enqueue",
        "add_profiles",
        "finish",
        "settle",
        "add_chunk",
        "drop_chunks",
    ),
}


@dataclass(frozen=True, slots=True)
class MortalProfiles:
    """Profiles of which the erasing half is mortal."""

    real: Any
    erasure: Any

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.real, name)


def mortal_services(services: Services, fate: Fate) -> Services:
    """Return services whose privacy jobs die where fate says."""
    real: Any = services.profiles
    profiles: Any = MortalProfiles(real, Mortal(real.erasure, fate))
    store: Any = Mortal(services.stores.privacy, fate)
    queue: Any = Mortal(services.queue, fate)
    database: Any = Mortal(services.database, fate)
    holdings = HoldingStore(database, HOLDINGS)
    clock = services.clock
    revocations: Any = Mortal(services.access.revocations, fate)
    erasing = Erasing(
        profiles=profiles,
        store=store,
        holdings=holdings,
        revocations=revocations,
        queue=queue,
        clock=clock,
    )
    handlers = {
        **services.job_handlers,
        ERASE: erasing,
        ANONYMISE: Anonymising(profiles=profiles, store=store, holdings=holdings, queue=queue, clock=clock),
        EXPORT: Exporting(profiles=profiles, store=store, holdings=holdings, clock=clock),
        WITHDRAW: Withdrawing(
            profiles=profiles,
            holdings=holdings,
            forget_raw=services.identity.accounts.forget,
            queue=queue,
            clock=clock,
        ),
    }
    return replace(services, job_handlers=handlers)
