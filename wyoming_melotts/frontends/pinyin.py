"""From Pinyin syllables to the phones of the Chinese voices."""

_ONSETS_OF_VOWELS = {"a": "AA", "o": "OO", "e": "EE"}
_FINALS_AFTER_Y = {"": "i", "n": "in", "ng": "ing", "an": "En", "e": "E"}
_SHORTENED = {"uei": "ui", "iou": "iu", "uen": "un"}
_DENTALS = ("z", "c", "s")
_RETROFLEXES = ("zh", "ch", "sh", "r")
# fmt: off
_FINALS = frozenset([
    "E", "En", "a", "ai", "an", "ang", "ao", "e", "ei", "en", "eng", "er",
    "i", "i0", "ia", "ian", "iang", "iao", "ie", "in", "ing", "iong", "ir", "iu",
    "o", "ong", "ou", "u", "ua", "uai", "uan", "uang", "ui", "un", "uo", "v", "van", "ve", "vn",
])
# fmt: on


def syllable_phones(initial: str, final: str) -> list[str]:
    """The two phones of a syllable in pypinyin's strict initial and final without tone.

    A syllable without initial gets an onset: ``an`` is ``AA an``, ``ian`` (yan) is ``y En``. Empty
    for what is no syllable of Mandarin that the voices know (``hm``, ``ng``).
    """
    onset, rest = (initial, _after_initial(initial, final)) if initial else _without_initial(final)
    return [onset, rest] if rest in _FINALS else []


def _after_initial(initial: str, final: str) -> str:
    if final == "i" and initial in _DENTALS:
        return "i0"
    if final == "i" and initial in _RETROFLEXES:
        return "ir"
    return _SHORTENED.get(final, final)


def _without_initial(final: str) -> tuple[str, str]:
    if final.startswith("i"):
        return "y", _FINALS_AFTER_Y.get(final[1:], final[1:])
    if final.startswith("u"):
        return "w", final[1:] or "u"
    if final.startswith("v"):
        return "y", final
    return _ONSETS_OF_VOWELS.get(final[:1], ""), final
