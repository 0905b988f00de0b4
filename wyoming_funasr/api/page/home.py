"""What the service knows of the home, and which of its names were heard."""

from collections import Counter
from collections.abc import Callable, Sequence

from aiohttp import web

from wyoming_funasr.home.keeper import HomeKeeper

_MOST_NAMES = 500
_LATEST = 20
"""Transcripts that are searched for names."""


def home_route(
    home: HomeKeeper | None, latest_texts: Callable[[int], Sequence[str]]
) -> web.RouteDef:
    """Returns the route `/v1/home`; `latest_texts` returns so many of the latest transcripts."""

    async def answer(_: web.Request) -> web.Response:
        known = _described(home, latest_texts(_LATEST)) if home is not None else None
        return web.json_response({"home": known}, headers={"Cache-Control": "no-store"})

    return web.get("/v1/home", answer)


def _described(keeper: HomeKeeper, texts: Sequence[str]) -> dict[str, object]:
    home, names = keeper.home, tuple(dict.fromkeys(keeper.names))
    return {
        "languages": keeper.languages,
        "counts": {
            "entities": len(home.entities),
            "areas": len(home.areas),
            "floors": len(home.floors),
            "sentences": len(home.sentences),
            "names": len(names),
        },
        "names": names[:_MOST_NAMES],
        "heard": [{"name": name, "times": times} for name, times in _heard(names, texts)],
        "transcripts": len(texts),
    }


def _heard(names: Sequence[str], texts: Sequence[str]) -> list[tuple[str, int]]:
    """Returns the names that are in transcripts, the most frequent first."""
    folded = [text.casefold() for text in texts]
    counts = Counter({name: sum(name.casefold() in text for text in folded) for name in names})
    return [(name, times) for name, times in counts.most_common(_MOST_NAMES) if times]
