"""Making requests and WebSocket messages wrong, and the same by a seed."""

import json
import struct
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.attack.mutations import FIELDS, VALUES, damage
from tests.attack.web import Form, HttpRequest, Json, Talk

_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW")
_PATHS = (
    "/",
    "/v1/audio/speech",
    "/v1/audio/transcriptions",
    "/v1/nothing",
    "/%00",
    "/" + "a" * 500,
)
_HEADERS = (
    "Content-Type: text/plain", "Content-Type: multipart/form-data", "Origin: http://evil.example",
    "Authorization: Bearer x", "Expect: 100-continue", "Content-Encoding: gzip",
    "Sec-WebSocket-Protocol: a, b, bearer.x", "Cookie: " + "c" * 3000,
)  # fmt: skip
_LIES = ("Content-Length: 7", "Content-Length: -1", "Transfer-Encoding: chunked", "Bro ken")
"""After these a server may wait for more than it gets."""

_BOUNDARY = "boundary-of-the-form"
_FRAME_CODES = (0, 1, 2, 3, 8, 9, 10, 15)
_TEXT, _BINARY, _CLOSE = 1, 2, 8
_FINAL, _MASKED = 0x80, 0x80
_MASK = bytes(4)
"""Of zeros, so that what is sent can be read."""


@dataclass(frozen=True)
class Case:
    """What one client sends."""

    data: bytes
    may_wait: bool
    """Whether the server may rightly wait for more, so that the client has to leave."""


CLOSE_FRAME = bytes((_FINAL | _CLOSE, _MASKED)) + _MASK


def wrong_request(requests: Sequence[HttpRequest], random: Random) -> Case:
    """Returns one of `requests`, changed in a few places."""
    with_bodies = [request for request in requests if request.body is not None]
    request = deepcopy(random.choice(with_bodies if random.random() < 0.7 else requests))
    extra: list[str] = []
    for _ in range(random.choice((1, 1, 2, 4))):
        match random.randrange(8):
            case 0:
                request = replace(request, method=random.choice(_METHODS))
            case 1:
                request = replace(request, path=random.choice((*_PATHS, request.path + "/x?y=%ff")))
            case 2:
                extra.append(random.choice(_HEADERS))
            case 3:
                request = replace(request, body=_any_content(random))
            case _ if isinstance(request.body, dict):
                change(request.body, random)
            case _ if request.body is not None:
                request = replace(request, body=_wrong_form(request.body, random))
    lies = [random.choice(_LIES)] if random.random() < 0.1 else []
    return _possibly_damaged(encode_request(request, [*extra, *lies]), random, may_wait=bool(lies))


def encode_request(request: HttpRequest, headers: Sequence[str] = ()) -> bytes:
    """Returns the bytes of a request, after whose answer the connection closes."""
    body, content_type = b"", []
    if isinstance(request.body, Form):
        body = _encode_form(request.body)
        content_type = [f"Content-Type: multipart/form-data; boundary={_BOUNDARY}"]
    elif request.body is not None:
        body, content_type = _encode_json(request.body), ["Content-Type: application/json"]
    head = [
        f"{request.method} {request.path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close",
        f"Content-Length: {len(body)}", *content_type, *headers,
    ]  # fmt: skip
    return "\r\n".join([*head, "", ""]).encode() + body


def wrong_talk(talks: Sequence[Talk], random: Random) -> Case:
    """Returns the handshake and the frames of one of `talks`, changed in a few places.

    What is inserted may be from any of them.
    """
    talk = random.choice(talks)
    messages = deepcopy(list(talk.messages))
    for _ in range(random.choice((1, 1, 2, 4))):
        place = random.randrange(len(messages) + 1)
        changeable = [message for message in messages if isinstance(message, dict)]
        match random.randrange(8):
            case 0:
                random.shuffle(messages)
            case 1:
                messages.insert(place, deepcopy(random.choice(random.choice(talks).messages)))
            case 2:
                messages.insert(place, random.choice((b"", b"\0", random.randbytes(333))))
            case 3:
                messages.insert(place, _any_content(random))
            case 4 if messages:
                del messages[random.randrange(len(messages))]
            case _ if changeable:
                change(random.choice(changeable), random)
    frames = b"".join(_encode_message(message, random) for message in messages)
    case = _possibly_damaged(frames, random, may_wait=False)
    return replace(case, data=_handshake(talk.path) + case.data)


def change(content: Json, random: Random) -> None:
    """Make one thing in a JSON object wrong: a value however deep, a field more, or one fewer."""
    container, key = random.choice([*_places(content), (content, random.choice(FIELDS))])
    if random.random() < 0.15 and isinstance(container, dict):
        container.pop(key, None)
    else:
        container[key] = deepcopy(random.choice(VALUES))


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Every place below a value: what holds it, and its key there."""
    keys = content if isinstance(content, dict) else range(len(content))
    for key in list(keys):
        yield content, key
        if isinstance(content[key], (dict, list)):
            yield from _places(content[key])


def _any_content(random: Random) -> Json:
    return {
        random.choice(FIELDS): deepcopy(random.choice(VALUES)) for _ in range(random.randrange(4))
    }


def _wrong_form(form: Form, random: Random) -> Form:
    fields = dict(form.fields)
    change(fields, random)
    file = random.choice((form.file, form.file, b"", random.randbytes(997), form.file[:100]))
    return Form(fields, file)


def _encode_json(content: Json) -> bytes:
    return json.dumps(content).encode()


def _encode_form(form: Form) -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode(errors="replace")
        for name, value in form.fields.items()
    ]
    about_file = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    delimiter = f"--{_BOUNDARY}".encode()
    written = (b"%s\r\n%s\r\n" % (delimiter, part) for part in (*parts, about_file + form.file))
    return b"".join(written) + delimiter + b"--\r\n"


def _handshake(path: str) -> bytes:
    head = [
        f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", "",
    ]  # fmt: skip
    return "\r\n".join(head).encode()


def _encode_message(message: Json | bytes, random: Random) -> bytes:
    """One frame; now and then its kind lies."""
    is_text = isinstance(message, dict)
    payload = _encode_json(message) if isinstance(message, dict) else message
    code = random.choice(_FRAME_CODES) if random.random() < 0.05 else _TEXT if is_text else _BINARY
    size = len(payload)
    if size < 126:
        length = bytes((_MASKED | size,))
    elif size < 1 << 16:
        length = bytes((_MASKED | 126,)) + struct.pack(">H", size)
    else:
        length = bytes((_MASKED | 127,)) + struct.pack(">Q", size)
    return bytes((_FINAL | code,)) + length + _MASK + payload


def _possibly_damaged(data: bytes, random: Random, *, may_wait: bool) -> Case:
    if random.random() < 0.2:
        written = bytearray(data)
        damage(written, random)
        return Case(bytes(written), may_wait=True)
    return Case(data, may_wait)
