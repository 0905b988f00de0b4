"""What goes wrong between us and Home Assistant."""


class HomeAssistantError(Exception):
    """One sentence for people: why Home Assistant does not tell what we ask for."""


class TokenRefused(HomeAssistantError):
    """The token is wrong, or its user may not read what we need: trying again will not help."""


class CommandFailed(HomeAssistantError):
    """Home Assistant answered a command with an error; `code` is its word for it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
