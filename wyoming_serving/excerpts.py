"""What a client sent, in few enough words for an error or a log line."""


def excerpt(value: object, most: int = 60) -> str:
    """Returns a value from a client's event as one line of about `most` characters.

    The time taken does not depend on the size of the value: `repr` of a list with a megabyte in it
    would hold the event loop.
    """
    if isinstance(value, str):
        return repr(value) if len(value) <= most else f"{value[:most]!r}..."
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return shortened(repr(value), most)


def shortened(text: str, most: int) -> str:
    """Returns `text` with what exceeds `most` characters left out."""
    return text if len(text) <= most else f"{text[:most]}..."
