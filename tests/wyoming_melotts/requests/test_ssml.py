"""SSML: what is read of it, and that no document does harm."""

import pytest

from wyoming_melotts.requests.ssml import LONGEST_PAUSE_SECONDS, parse_ssml
from wyoming_melotts.requests.text import Pause, SpokenText, TextPart
from wyoming_serving.errors import InvalidEvent


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        ("<speak>Hello &amp; goodbye</speak>", [SpokenText("Hello & goodbye")]),
        ("Plain text", [SpokenText("Plain text")]),
        (
            'One<break time="500ms"/>two<break time="1.5s"/>',
            [SpokenText("One"), Pause(0.5), SpokenText("two"), Pause(1.5)],
        ),
        ('<break strength="none"/><break/>', [Pause(0.0), Pause(0.4)]),
        ('<break time="99999s"/>', [Pause(LONGEST_PAUSE_SECONDS)]),
        ('<break time="soon"/>', [Pause(0.4)]),
        ('<sub alias="World Wide Web">WWW</sub>', [SpokenText("World Wide Web")]),
        ('<say-as interpret-as="characters">abc</say-as>', [SpokenText("a b c")]),
        ('<say-as interpret-as="date">1/2</say-as>', [SpokenText("1/2")]),
        ("a <emphasis level='strong'>b</emphasis> c", [SpokenText("a b c")]),
        (
            'a<prosody rate="fast">b<prosody rate="50%">c</prosody></prosody>d',
            [SpokenText("a"), SpokenText("b", 1.25), SpokenText("c", 0.625), SpokenText("d")],
        ),
        ('<prosody rate="+20%">a</prosody>', [SpokenText("a", 1.2)]),
        ('<prosody rate="0%">a</prosody>', [SpokenText("a")]),
        ('<prosody rate="1e9">a</prosody>', [SpokenText("a", 3.0)]),
        ('<prosody pitch="high">a</prosody>', [SpokenText("a")]),
        ("<s>a</s><s>b</s>", [SpokenText("\n\na\n\n\n\nb\n\n")]),
        ("<metadata>hidden</metadata>a", [SpokenText("a")]),
        ('<?xml version="1.0"?><s:speak xmlns:s="x">a<s:break/></s:speak>',
         [SpokenText("a"), Pause(0.4)]),
        ("<speak/>", []),
        ("", []),
    ],
)  # fmt: skip
def test_the_plain_subset_is_read(document: str, parts: list[TextPart]) -> None:
    assert parse_ssml(document) == parts


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("<speak>a", "no element found in line 1"),
        ("<speak>a</s></speak>", "mismatched tag"),
        ("a &unknown; b", "undefined entity"),
        ('<!DOCTYPE s [<!ENTITY a "b">]><speak>&a;</speak>', "document type"),
        ('<!DOCTYPE s SYSTEM "file:///etc/passwd"><speak/>', "document type"),
        ("a\0b", "not well-formed"),
    ],
)
def test_a_broken_or_hostile_document_is_refused(document: str, says: str) -> None:
    with pytest.raises(InvalidEvent, match=says):
        parse_ssml(document)


def test_deep_nesting_is_read() -> None:
    depth = 100_000
    assert parse_ssml("<p>" * depth + "a" + "</p>" * depth)
