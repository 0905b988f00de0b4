"""BERT word pieces: gluing them to words, and dealing a word's phones out to them."""

from collections.abc import Sequence


def group_word_pieces(tokens: Sequence[str]) -> list[list[str]]:
    """The pieces of each word, continuation marks removed.

    Upstream takes every token beginning with ``#`` for a continuation, a lone ``#`` too, and fails
    when there is none before it; here it then begins a word.
    """
    groups: list[list[str]] = []
    for token in tokens:
        piece = token.replace("#", "") if token.startswith("#") else token
        if token.startswith("#") and groups:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def distribute(phone_count: int, piece_count: int) -> list[int]:
    """How many of a word's phones each of its pieces gets: evenly, the first ones one more."""
    share, rest = divmod(phone_count, piece_count)
    return [share + (index < rest) for index in range(piece_count)]
