"""Pickles that hold tensors and plain values, interpreted without running anything.

A pickle is a program for a stack machine. This one knows the opcodes that structures of tensors
take, and a few functions by name that make tensors; it imports nothing and calls nothing that a
file names. Whatever else a file asks for is an error.

Opcodes: `pickletools` in Python's library. Functions: PyTorch, `torch/_utils.py`.
"""

import pickletools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any


class InvalidPickle(Exception):
    """Not a pickle of tensors; the message says why."""


@dataclass(frozen=True)
class Storage:
    """Bytes that tensors share: their key in the file and their kind (`Float`, `Half`, ...)."""

    key: str
    kind: str


@dataclass(frozen=True)
class Tensor:
    """A view of a storage; offset and strides count items."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_pickle(stream: BytesIO) -> Any:
    """Interpret one pickle; afterwards the stream is behind it.

    Raises:
        InvalidPickle: it is broken, or asks for more than tensors and plain values.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            machine.run(opcode.name, argument)
        (value,) = machine.stack
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise InvalidPickle(f"its structure is broken ({error})") from None
    return value


@dataclass(frozen=True)
class _Function:
    """Something that a pickle may name: what is done where it calls it."""

    name: str
    call: Callable[..., Any]


def _tensor(
    storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> Tensor:
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, Storage) or len(shape) != len(strides):
        raise InvalidPickle("a tensor is described wrongly")
    if any(type(number) is not int or number < 0 for number in numbers):
        raise InvalidPickle("a tensor is described wrongly")
    return Tensor(storage, offset, tuple(shape), tuple(strides))


def _parameter(tensor: Tensor, *_: object) -> Tensor:
    return tensor


def _dictionary(items: Sequence[tuple[Any, Any]] = ()) -> dict[Any, Any]:
    return dict(items)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "collections.OrderedDict": _dictionary,
    "builtins.set": set,
    "__builtin__.set": set,
    "torch.Size": tuple,
    "torch.device": lambda *parts: ":".join(map(str, parts)),
}


def _named(module: str, name: str) -> object:
    full = f"{module}.{name}"
    if full in _FUNCTIONS:
        return _Function(full, _FUNCTIONS[full])
    if module == "torch" and name.endswith("Storage"):
        return name.removesuffix("Storage")
    if module == "torch" and name.removeprefix("b").startswith(("float", "int", "uint", "bool")):
        return name
    raise InvalidPickle(f"it holds more than tensors: {full[:80]}")


class _Machine:
    """The stack, the marks in it and the memory of a pickle that is interpreted."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._below: list[list[Any]] = []
        """The stacks below each mark."""
        self._memo: dict[int, Any] = {}

    def run(self, opcode: str, argument: Any) -> None:
        """Carry out one opcode."""
        if opcode in _CONSTANTS:
            self.stack.append(_CONSTANTS[opcode])
        elif opcode in _LITERALS:
            self.stack.append(argument)
        elif opcode in _EMPTY:
            self.stack.append(_EMPTY[opcode]())
        elif opcode in _OPERATIONS:
            _OPERATIONS[opcode](self, argument)
        elif opcode not in ("PROTO", "FRAME", "STOP"):
            raise InvalidPickle(f"it holds more than tensors: opcode {opcode}")

    def mark(self, _: Any) -> None:
        self._below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        items = self.stack
        self.stack = self._below.pop()
        return items

    def put(self, index: int) -> None:
        self._memo[index] = self.stack[-1]

    def memoize(self, _: Any) -> None:
        self._memo[len(self._memo)] = self.stack[-1]

    def get(self, index: int) -> None:
        self.stack.append(self._memo[index])

    def global_(self, argument: str) -> None:
        module, _, name = argument.partition(" ")
        self.stack.append(_named(module, name))

    def stack_global(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_named(module, name))

    def tuple_(self, _: Any) -> None:
        items = tuple(self.since_mark())
        self.stack.append(items)

    def short_tuple(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        if len(items) < count:
            raise InvalidPickle("its structure is broken (a tuple lacks items)")
        del self.stack[-count:]
        self.stack.append(items)

    def append(self, _: Any) -> None:
        self._extend([self.stack.pop()])

    def appends(self, _: Any) -> None:
        self._extend(self.since_mark())

    def set_item(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._update([key, value])

    def set_items(self, _: Any) -> None:
        self._update(self.since_mark())

    def add_items(self, _: Any) -> None:
        items = self.since_mark()
        _expect(self.stack[-1], set).update(items)

    def reduce(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.stack.append(_expect(function, _Function).call(*arguments))

    def build(self, _: Any) -> None:
        """Attributes of a value, such as the versions that modules leave in a state: not used."""
        self.stack.pop()

    def persistent(self, _: Any) -> None:
        """A storage: (`storage`, kind, key, device, items, ...)."""
        what, kind, key, *_rest = self.stack.pop()
        if what != "storage" or not isinstance(kind, str):
            raise InvalidPickle("a storage is described wrongly")
        self.stack.append(Storage(str(key), kind))

    def _extend(self, items: list[Any]) -> None:
        _expect(self.stack[-1], list).extend(items)

    def _update(self, items: list[Any]) -> None:
        target = _expect(self.stack[-1], dict)
        target.update(zip(items[::2], items[1::2], strict=True))


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise InvalidPickle(f"its structure is broken (a {kind.__name__} was expected)")
    return value


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = {
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE",
    "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES",
}  # fmt: skip
_EMPTY: dict[str, Callable[[], Any]] = {
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_SET": set,
}  # fmt: skip
_OPERATIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "MARK": _Machine.mark,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": _Machine.global_,
    "STACK_GLOBAL": _Machine.stack_global,
    "TUPLE": _Machine.tuple_,
    "TUPLE1": lambda machine, _: machine.short_tuple(1),
    "TUPLE2": lambda machine, _: machine.short_tuple(2),
    "TUPLE3": lambda machine, _: machine.short_tuple(3),
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "ADDITEMS": _Machine.add_items,
    "REDUCE": _Machine.reduce,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
}
