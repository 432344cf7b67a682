"""A model's memory as bytes and back: a dataclass of arrays, plain values and other such dataclasses. Arrays keep their type and shape."""

import dataclasses
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np
from msgspec import msgpack
from numpy.typing import NDArray

Memory = TypeVar("Memory")


def pack(memory: Any) -> bytes:
    return msgpack.encode({field.name: _plain(getattr(memory, field.name)) for field in dataclasses.fields(memory)})


def unpack(kind: type[Memory], packed: bytes) -> Memory:
    made: Memory = _made(kind, msgpack.decode(packed, strict=False))
    return made


def _made(kind: Any, values: dict[str, Any]) -> Any:
    hints = _hints(kind)
    return kind(**{name: _lively(value, hints[name]) for name, value in values.items()})


@lru_cache(maxsize=256)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def grown(array: NDArray[Any], size: int, fill: Any) -> NDArray[Any]:
    """`array` with at least `size` rows; new rows hold `fill`. Grows by half, so that a growing table is copied seldom."""
    if len(array) >= size:
        return array
    wider = np.full((max(size, len(array) * 3 // 2 + 16), *array.shape[1:]), fill, dtype=array.dtype)
    wider[: len(array)] = array
    return wider


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"dtype": value.dtype.str, "shape": value.shape, "bytes": value.tobytes()}
    if dataclasses.is_dataclass(value):
        return {"fields": {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}}
    if isinstance(value, dict):
        return {"pairs": [(key, _plain(each)) for key, each in value.items()]}
    return value


def _lively(value: Any, hint: Any) -> Any:
    """`hint`: the annotation of what is made, which names the dataclass of a part and of the values of a dict."""
    if isinstance(value, dict):
        if "dtype" in value:
            return np.frombuffer(value["bytes"], dtype=value["dtype"]).reshape(value["shape"]).copy()
        if "fields" in value:
            return _made(hint, value["fields"])
        inner = (get_args(hint) or (None, None))[-1]
        return {(tuple(key) if isinstance(key, list) else key): _lively(each, inner) for key, each in value["pairs"]}
    return value
