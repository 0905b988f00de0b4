"""Where a service is in its life."""

import asyncio
from enum import StrEnum


class ServiceState(StrEnum):
    """Where a service is in its life; it moves downward only, but may recover from degraded."""

    STARTING = "starting"
    """It does not listen yet."""
    LOADING = "loading"
    """Clients may connect; their requests wait for the engine."""
    READY = "ready"
    DEGRADED = "degraded"
    """There is a problem: it answers with less than the settings ask for, or its engine does not
    answer now. The log and `/status` say which."""
    DRAINING = "draining"
    """No client is accepted; running requests may finish."""
    STOPPED = "stopped"

    @property
    def answers(self) -> bool:
        """Whether a new request is answered without waiting for the engine."""
        return self in (ServiceState.READY, ServiceState.DEGRADED)


_NEXT = {
    ServiceState.STARTING: (ServiceState.LOADING, ServiceState.DRAINING),
    ServiceState.LOADING: (ServiceState.READY, ServiceState.DEGRADED, ServiceState.DRAINING),
    ServiceState.READY: (ServiceState.DEGRADED, ServiceState.DRAINING),
    ServiceState.DEGRADED: (ServiceState.READY, ServiceState.DRAINING),
    ServiceState.DRAINING: (ServiceState.STOPPED,),
    ServiceState.STOPPED: (),
}


class Life:
    """The state of one service, and those that wait for it to change."""

    def __init__(self) -> None:
        self._state = ServiceState.STARTING
        self._changed = asyncio.Event()

    @property
    def state(self) -> ServiceState:
        """The present state."""
        return self._state

    def enter(self, state: ServiceState) -> None:
        """Change the state and wake those that wait for one.

        Raises:
            ValueError: that state does not follow the present one.
        """
        if state is self._state:
            return
        if state not in _NEXT[self._state]:
            raise ValueError(f"a service that is {self._state} cannot become {state}")
        self._state = state
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def wait_for(self, *states: ServiceState) -> ServiceState:
        """Wait until the service is in one of `states`; returns which one.

        A state that lasts for an instant only may be missed: name those that follow it, too.
        """
        while self._state not in states:
            await self._changed.wait()
        return self._state
