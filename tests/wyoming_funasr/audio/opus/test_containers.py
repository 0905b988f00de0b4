"""Ogg and WebM taken apart as they arrive: the same packets that FFmpeg finds in the whole file."""

import random
from collections.abc import Callable

import pytest

from tests.support.opus import container, packets
from tests.support.speech import RATE_HZ, SPEECH
from wyoming_funasr.audio.opus.ogg import OggReader
from wyoming_funasr.audio.opus.packets import PacketReader
from wyoming_funasr.audio.opus.webm import WebmReader
from wyoming_serving.errors import ErrorCode, ServiceError

READERS: dict[str, Callable[[], PacketReader]] = {"ogg": OggReader, "webm": WebmReader}
KINDS = pytest.mark.parametrize("kind", READERS)

EBML = b"\x1a\x45\xdf\xa3\x80"
SEGMENT = b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"
CLUSTER = b"\x1f\x43\xb6\x75\xff"
OPUS_TRACK = b"\xae\x8b\xd7\x81\x02\x86\x86A_OPUS"
VIDEO_TRACK = b"\xae\x8a\xd7\x81\x01\x86\x85V_VP8"


@KINDS
@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("size", [1, 7, 1_000, 1 << 20])
def test_packets_are_found_wherever_the_stream_is_cut(kind: str, layout: str, size: int) -> None:
    file = container(kind, SPEECH, RATE_HZ, layout=layout)
    assert read(READERS[kind](), file, size) == packets(file)


@KINDS
def test_a_recorder_may_be_stopped_and_started_again(kind: str) -> None:
    one, other = (container(kind, SPEECH[:size], RATE_HZ) for size in (20_000, 30_000))
    assert read(READERS[kind](), one + other, 500) == packets(one) + packets(other)


@KINDS
def test_a_stream_that_breaks_off_is_read_so_far(kind: str) -> None:
    file = container(kind, SPEECH, RATE_HZ)
    found = read(READERS[kind](), file[: len(file) // 2], 500)
    assert found == packets(file)[: len(found)]
    assert len(found) > 20


@KINDS
@pytest.mark.parametrize("data", [b"\x00" * 100, b"RIFF" + b"\x00" * 100, b"Og\x1a\x45", b"{}"])
def test_what_is_no_container_is_told_at_once(kind: str, data: bytes) -> None:
    with pytest.raises(ServiceError, match=r"it is no (Ogg|WebM)"):
        read(READERS[kind](), data, 1)


@KINDS
def test_a_container_without_opus_is_told(kind: str) -> None:
    file = container(kind, SPEECH, RATE_HZ)
    other = file.replace(b"OpusHead", b"NoneHead").replace(b"A_OPUS", b"A_NONE")
    with pytest.raises(ServiceError, match="there is no Opus in it"):
        read(READERS[kind](), other, 500)


@KINDS
def test_more_than_two_channels_are_told(kind: str) -> None:
    with pytest.raises(ServiceError, match="mono or stereo"):
        read(READERS[kind](), container(kind, SPEECH, RATE_HZ, layout="5.1"), 500)


@KINDS
def test_whatever_comes_is_packets_or_one_error(kind: str) -> None:
    chance = random.Random(0)
    file = container(kind, SPEECH[:20_000], RATE_HZ)
    told = 0
    for _ in range(300):
        broken = bytearray(file)
        for _ in range(chance.randrange(1, 20)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            read(READERS[kind](), bytes(broken), 500)
        except ServiceError as error:
            told += 1
            assert error.code is ErrorCode.AUDIO_INVALID
    assert told > 10


def test_video_beside_the_sound_is_left_out() -> None:
    """However long its frames are: nothing of them is kept."""
    reader = WebmReader()
    assert read(reader, EBML + SEGMENT + VIDEO_TRACK + OPUS_TRACK + CLUSTER, 3) == []
    video = b"\xa3\x11\x00\x00\x00" + b"\x81\x00\x00\x80" + bytes(0x1000000 - 4)
    sound = b"\xa3\x89\x82\x00\x00\x80hello"
    for at in range(0, len(video), 1 << 20):
        assert reader.packets(video[at : at + (1 << 20)]) == []
    assert reader.packets(sound) == [b"hello"]


@pytest.mark.parametrize(
    ("element", "says"),
    [
        (b"\xa3\x89\x82\x00\x00\x82hello", "several packets"),
        (b"\xa3\x82\x82\x00", "too short"),
        (b"\xa3\xff", "no length"),
        (b"\xa3\x00", "number is too long"),
        (b"\x01", "number is too long"),
    ],
)
def test_what_is_wrong_in_webm_is_told(element: bytes, says: str) -> None:
    with pytest.raises(ServiceError, match=says):
        WebmReader().packets(EBML + SEGMENT + OPUS_TRACK + CLUSTER + element)


def test_a_packet_without_an_end_is_told() -> None:
    file = container("ogg", SPEECH[:2_000], RATE_HZ)
    head = file[: file.rindex(b"OggS")]
    serial = head[14:18]
    endless = b"OggS\0\1" + bytes(8) + serial + bytes(8) + b"\xff" * 256 + bytes(255 * 255)
    with pytest.raises(ServiceError, match="a packet is too long"):
        read(OggReader(), head + endless, 1_000)


def read(reader: PacketReader, data: bytes, size: int) -> list[bytes]:
    """The packets of data that arrives in parts of so many bytes."""
    return [
        packet
        for at in range(0, len(data), size)
        for packet in reader.packets(data[at : at + size])
    ]
