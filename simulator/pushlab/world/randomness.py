"""Keyed luck: every draw is a pure function of (seed, purpose, who, what).

Nothing here remembers how often it was asked, so a new consumer or another order of requests
shifts nobody's luck. The function is the finalizer of splitmix64 (Steele, Lea and Flood, "Fast
Splittable Pseudorandom Number Generators", 2014), once over the purpose and *who*, once more with
*what*. Everything is integer arithmetic modulo 2**64: numpy's logarithm may use other instructions
on another machine and round otherwise, so no libm enters, and the form for one number and the form
for an array of them agree by construction.

*who* must be a number made from content (a key of `pushlab.world.ids`), never a row given by order
of arrival; *what* tells apart the draws that one purpose makes for one *who*.
"""

from __future__ import annotations

import math
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, TypeAlias, overload

import numpy as np

from pushlab.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Whole: TypeAlias = int | np.integer[Any]
    Wholes: TypeAlias = NDArray[np.integer[Any]]
    Words: TypeAlias = NDArray[np.uint64]

__all__ = ["Randomness", "mix", "mix_array", "threshold", "unmix"]

WORD: Final = 0xFFFF_FFFF_FFFF_FFFF
"""Mask of 64 bits."""

GOLDEN: Final = 0x9E37_79B9_7F4A_7C15
"""2**64 divided by the golden ratio, odd: the step between neighbours in *who*."""

_STRIDE: Final = 0xD1B5_4A32_D192_ED03
"""The step between neighbours in *what*; another odd constant, so the two never cancel."""

_FIRST: Final = 0xBF58_476D_1CE4_E5B9
_SECOND: Final = 0x94D0_49BB_1331_11EB
_FIRST_INVERSE: Final = pow(_FIRST, -1, 1 << 64)
_SECOND_INVERSE: Final = pow(_SECOND, -1, 1 << 64)

_BLOCK: Final = 32_768
"""Numbers worked on at once: two scratch arrays of 256 KiB stay in the second-level cache."""

_TINY: Final = 8
"""Arrays up to this length go through Python integers: 20 calls of numpy cost more than that."""

_MEAN_LIMIT_MS: Final = 1 << 38
"""Bound on the mean of a delay (8.7 years): the product with a quantile stays below 2**63."""

_UNIT_BITS: Final = 20
_BIN_BITS: Final = 12
_FRACTION_BITS: Final = 32 - _BIN_BITS
_BINS: Final = 1 << _BIN_BITS
_LAST_BIN: Final = _BINS - 1
_FRACTION: Final = (1 << _FRACTION_BITS) - 1

_U64: Final = np.dtype(np.uint64)
_I64: Final = np.dtype(np.int64)
_BOOL: Final = np.dtype(np.bool_)

# The same constants for arrays. A Python integer would do, but costs a conversion a call.
_U_GOLDEN: Final = np.uint64(GOLDEN)
_U_STRIDE: Final = np.uint64(_STRIDE)
_U_FIRST: Final = np.uint64(_FIRST)
_U_SECOND: Final = np.uint64(_SECOND)
_U_27: Final = np.uint64(27)
_U_30: Final = np.uint64(30)
_U_31: Final = np.uint64(31)
_U_32: Final = np.uint64(32)


def mix(z: int) -> int:
    """Scramble 64 bits so that each depends on all: splitmix64's finalizer, a bijection."""
    z &= WORD
    z = ((z ^ (z >> 30)) * _FIRST) & WORD
    z = ((z ^ (z >> 27)) * _SECOND) & WORD
    return z ^ (z >> 31)


def unmix(z: int) -> int:
    """Undo `mix`."""
    z &= WORD
    z ^= (z >> 31) ^ (z >> 62)
    z = (z * _SECOND_INVERSE) & WORD
    z ^= (z >> 27) ^ (z >> 54)
    z = (z * _FIRST_INVERSE) & WORD
    return z ^ (z >> 30) ^ (z >> 60)


def mix_array(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`mix` for each element; a new array of the same shape."""
    mixed = np.array(z, dtype=np.uint64, order="C")
    flat = mixed.reshape(-1)
    scratch = np.empty(min(flat.size, _BLOCK), dtype=np.uint64)
    for low in range(0, flat.size, _BLOCK):
        block = flat[low : low + _BLOCK]
        _mix_in_place(block, scratch[: block.size])
    return mixed


def threshold(p: float) -> int:
    """Turn a probability into the bound that `Randomness.chance` takes, clamped to 0 ... 2**32.

    Multiplying by a power of two and cutting is exact, so no rounding of floats decides anything.
    """
    return int(min(max(p, 0.0), 1.0) * 4_294_967_296.0)


class Randomness:
    """The luck of one world.

    In every method *who* and *what* are integers or integer arrays that broadcast against each
    other (uint64 keys are taken as they are, negative numbers modulo 2**64). Two integers give an
    integer, an array in either place gives an array of the common shape. A *purpose* is a word of
    the program ("push.delay"), not data: its key is kept for the life of the world.
    """

    def __init__(self, seed: int) -> None:
        """Bind all luck to *seed*, any integer."""
        self.seed: Final = seed
        self._keys: dict[str, int] = {}

    def key(self, purpose: str) -> int:
        """Return the 64 bits that stand for *purpose* under this seed."""
        key = self._keys.get(purpose)
        if key is None:
            digest = blake2b(f"{self.seed}|{purpose}".encode()).digest()
            key = self._keys[purpose] = int.from_bytes(digest[:8], "little")
        return key

    @overload
    def draw(self, purpose: str, who: Whole, what: Whole) -> int: ...
    @overload
    def draw(self, purpose: str, who: Wholes, what: Whole | Wholes) -> NDArray[np.uint64]: ...
    @overload
    def draw(self, purpose: str, who: Whole, what: Wholes) -> NDArray[np.uint64]: ...
    def draw(
        self, purpose: str, who: Whole | Wholes, what: Whole | Wholes
    ) -> int | NDArray[np.uint64]:
        """Return 64 evenly distributed bits: an int, or a uint64 array of the common shape."""
        key = self.key(purpose)
        if not (isinstance(who, np.ndarray) or isinstance(what, np.ndarray)):
            return _draw_one(key, int(who), int(what))
        return _draw_many(key, who, what, _U64, _as_drawn, _keep_block)

    @overload
    def chance(self, purpose: str, who: Whole, what: Whole, threshold: int) -> bool: ...
    @overload
    def chance(
        self, purpose: str, who: Wholes, what: Whole | Wholes, threshold: int
    ) -> NDArray[np.bool_]: ...
    @overload
    def chance(
        self, purpose: str, who: Whole, what: Wholes, threshold: int
    ) -> NDArray[np.bool_]: ...
    def chance(
        self, purpose: str, who: Whole | Wholes, what: Whole | Wholes, threshold: int
    ) -> bool | NDArray[np.bool_]:
        """Say yes in *threshold* of 2**32 cases: a bool, or a bool array of the common shape.

        0 or less is never, 2**32 or more is always; `threshold` makes the bound from a probability.
        """
        key = self.key(purpose)
        if not (isinstance(who, np.ndarray) or isinstance(what, np.ndarray)):
            return _draw_one(key, int(who), int(what)) >> 32 < threshold
        bound = np.uint64(min(max(threshold, 0), 1 << 32))

        def finish(drawn: Words, scratch: Words, out: NDArray[Any]) -> None:
            np.right_shift(drawn, _U_32, out=scratch)
            np.less(scratch, bound, out=out)

        return _draw_many(key, who, what, _BOOL, lambda drawn: drawn >> 32 < threshold, finish)

    @overload
    def below(self, purpose: str, who: Whole, what: Whole, bound: int) -> int: ...
    @overload
    def below(
        self, purpose: str, who: Wholes, what: Whole | Wholes, bound: int
    ) -> NDArray[np.int64]: ...
    @overload
    def below(self, purpose: str, who: Whole, what: Wholes, bound: int) -> NDArray[np.int64]: ...
    def below(
        self, purpose: str, who: Whole | Wholes, what: Whole | Wholes, bound: int
    ) -> int | NDArray[np.int64]:
        """Pick evenly from 0 ... *bound* - 1: an int, or an int64 array of the common shape.

        The bias is at most bound / 2**32, so bounds reach 49 days of milliseconds and no further:
        LimitError beyond.
        """
        if not 0 < bound < 1 << 32:
            message = f"below() picks from 1 to 2**32 - 1 numbers, not from {bound}"
            raise LimitError(message)
        key = self.key(purpose)
        if not (isinstance(who, np.ndarray) or isinstance(what, np.ndarray)):
            return (_draw_one(key, int(who), int(what)) >> 32) * bound >> 32
        factor = np.uint64(bound)

        def finish(drawn: Words, scratch: Words, out: NDArray[Any]) -> None:
            np.right_shift(drawn, _U_32, out=scratch)
            np.multiply(scratch, factor, out=scratch)
            np.right_shift(scratch, _U_32, out=out.view(np.uint64))

        return _draw_many(key, who, what, _I64, lambda drawn: (drawn >> 32) * bound >> 32, finish)

    @overload
    def exponential(self, purpose: str, who: Whole, what: Whole, mean_ms: int) -> int: ...
    @overload
    def exponential(
        self, purpose: str, who: Wholes, what: Whole | Wholes, mean_ms: int
    ) -> NDArray[np.int64]: ...
    @overload
    def exponential(
        self, purpose: str, who: Whole, what: Wholes, mean_ms: int
    ) -> NDArray[np.int64]: ...
    def exponential(
        self, purpose: str, who: Whole | Wholes, what: Whole | Wholes, mean_ms: int
    ) -> int | NDArray[np.int64]:
        """Return a memoryless delay: an int, or an int64 array of the common shape.

        Cut to whole milliseconds, at most 18.6 means. LimitError when the mean is negative or
        reaches 2**38 ms (8.7 years).
        """
        if not 0 <= mean_ms < _MEAN_LIMIT_MS:
            message = f"exponential() takes a mean from 0 to 2**38 - 1 ms, not {mean_ms}"
            raise LimitError(message)
        key = self.key(purpose)
        quantiles = _quantiles()
        if not isinstance(what, np.ndarray):
            if not isinstance(who, np.ndarray):
                drawn = _draw_one(key, int(who), int(what))
                return quantiles.find_one(drawn >> 32) * mean_ms >> _UNIT_BITS
            if who.shape == (1,):  # One device: what a test's own send draws for.
                drawn = _draw_one(key, int(who[0]), int(what))
                return np.array([quantiles.find_one(drawn >> 32) * mean_ms >> _UNIT_BITS], _I64)
        factor = np.uint64(mean_ms)
        unit_bits = np.uint64(_UNIT_BITS)

        def finish(drawn: Words, scratch: Words, out: NDArray[Any]) -> None:
            delays = out.view(np.uint64)
            quantiles.find_block(drawn, scratch, delays)
            np.multiply(delays, factor, out=delays)
            np.right_shift(delays, unit_bits, out=delays)

        return _draw_many(
            key,
            who,
            what,
            _I64,
            lambda drawn: quantiles.find_one(drawn >> 32) * mean_ms >> _UNIT_BITS,
            finish,
        )


# --- draws -----------------------------------------------------------------------------------


def _draw_one(key: int, who: int, what: int) -> int:
    # `mix` twice, written out: a call costs as much as the arithmetic.
    z = (key + who * GOLDEN) & WORD
    z = ((z ^ (z >> 30)) * _FIRST) & WORD
    z = ((z ^ (z >> 27)) * _SECOND) & WORD
    z = ((z ^ (z >> 31)) + (what + 1) * _STRIDE) & WORD
    z = ((z ^ (z >> 30)) * _FIRST) & WORD
    z = ((z ^ (z >> 27)) * _SECOND) & WORD
    return z ^ (z >> 31)


def _draw_many(  # noqa: PLR0917 - both forms of the finish travel together
    key: int,
    who: Whole | Wholes,
    what: Whole | Wholes,
    dtype: np.dtype[Any],
    finish_one: Callable[[int], int],
    finish_block: Callable[[Words, Words, NDArray[Any]], None],
) -> NDArray[Any]:
    """Draw for the common shape of *who* and *what* and finish each draw in one of two equal ways.

    *finish_block* is handed the draws, scratch space and the part of the result it is to fill.
    """
    if isinstance(who, np.ndarray) and isinstance(what, np.ndarray) and who.shape != what.shape:
        who, what = np.broadcast_arrays(who, what)
    if isinstance(who, np.ndarray) and who.shape == (1,) and not isinstance(what, np.ndarray):
        # One device: what a test's own send draws for.
        assert who.dtype.kind in "iu", "luck is keyed by integers"
        return np.array([finish_one(_draw_one(key, int(who[0]), int(what)))], dtype=dtype)
    shape = np.shape(who) or np.shape(what)
    size = math.prod(shape)
    if size <= _TINY:
        pairs = zip(_list_flat(who, size), _list_flat(what, size), strict=True)
        few = [finish_one(_draw_one(key, one, other)) for one, other in pairs]
        return np.array(few, dtype=dtype).reshape(shape)
    out = np.empty(shape, dtype=dtype)
    flat = out.reshape(-1)
    drawn = np.empty(min(size, _BLOCK), dtype=np.uint64)
    scratch = np.empty_like(drawn)
    who_words, what_words = _as_words(who), _as_words(what)
    for low in range(0, size, _BLOCK):
        part = slice(low, min(low + _BLOCK, size))
        z, t = drawn[: part.stop - low], scratch[: part.stop - low]
        _draw_block(key, who_words, what_words, part, z, t)
        finish_block(z, t, flat[part])
    return out


def _draw_block(  # noqa: PLR0917 - as above
    key: int, who: int | Words, what: int | Words, part: slice, z: Words, t: Words
) -> None:
    """Fill *z* with the draws of one part of the arrays; *t* is scratch space of its size."""
    if isinstance(who, np.ndarray):
        np.multiply(who[part], _U_GOLDEN, out=z)
        np.add(z, np.uint64(key), out=z)
        _mix_in_place(z, t)
        start = _STRIDE
    else:
        z.fill(0)
        start = mix(key + who * GOLDEN) + _STRIDE
    if isinstance(what, np.ndarray):
        np.multiply(what[part], _U_STRIDE, out=t)
        np.add(z, t, out=z)
    else:
        start += what * _STRIDE
    np.add(z, np.uint64(start & WORD), out=z)
    _mix_in_place(z, t)


def _mix_in_place(z: Words, scratch: Words) -> None:
    np.right_shift(z, _U_30, out=scratch)
    np.bitwise_xor(z, scratch, out=z)
    np.multiply(z, _U_FIRST, out=z)
    np.right_shift(z, _U_27, out=scratch)
    np.bitwise_xor(z, scratch, out=z)
    np.multiply(z, _U_SECOND, out=z)
    np.right_shift(z, _U_31, out=scratch)
    np.bitwise_xor(z, scratch, out=z)


def _as_drawn(drawn: int) -> int:
    return drawn


def _keep_block(drawn: Words, _scratch: Words, out: NDArray[Any]) -> None:
    out[:] = drawn


def _as_words(numbers: Whole | Wholes) -> int | Words:
    """Return *numbers* as one int or as a flat uint64 array."""
    if not isinstance(numbers, np.ndarray):
        return int(numbers)
    assert numbers.dtype.kind in "iu", "luck is keyed by integers"
    return numbers.astype(np.uint64, copy=False).reshape(-1)


def _list_flat(numbers: Whole | Wholes, size: int) -> list[int]:
    if not isinstance(numbers, np.ndarray):
        return [int(numbers)] * size
    assert numbers.dtype.kind in "iu", "luck is keyed by integers"
    listed: list[int] = numbers.reshape(-1).tolist()
    return listed


# --- delays ----------------------------------------------------------------------------------


class _Quantiles:
    """The inverse of the exponential law for 32 bits of luck, in units of 2**-20 of the mean.

    4,096 straight lines between exact quantiles. The last one would reach to infinity; but the law
    has no memory, so its last bin is the whole law again, ln 4096 further on, and the same table
    serves with the bits that are left. The very last line ends where its mean is the law's.
    """

    def __init__(self) -> None:
        logs = _list_logs()
        self._starts = [_round_log(logs[_BINS] - logs[_BINS - i]) for i in range(_BINS)]
        """-ln(1 - i / 4096) for i = 0 ... 4095."""
        self._tail = _round_log(logs[_BINS])
        ends = [*self._starts[1:], self._tail + (2 << _UNIT_BITS)]
        self._rises = [end - start for start, end in zip(self._starts, ends, strict=True)]
        # One gather instead of two: start above, rise below.
        packed = [start << 32 | rise for start, rise in zip(self._starts, self._rises, strict=True)]
        self._packed = np.array(packed, dtype=np.uint64)

    def find_one(self, luck: int) -> int:
        """Return the quantile of 32 bits of *luck*."""
        index, fraction, base = luck >> _FRACTION_BITS, luck & _FRACTION, 0
        if index == _LAST_BIN:
            index, base = fraction >> (_FRACTION_BITS - _BIN_BITS), self._tail
            fraction = (fraction << _BIN_BITS) & _FRACTION
        return base + self._starts[index] + (self._rises[index] * fraction >> _FRACTION_BITS)

    def find_block(self, drawn: Words, scratch: Words, out: Words) -> None:
        """Fill *out* with the quantile of each draw's upper 32 bits; *drawn* is used up."""
        np.right_shift(drawn, np.uint64(64 - _BIN_BITS), out=scratch)
        np.take(self._packed, scratch.view(np.int64), out=out, mode="clip")
        tails = np.flatnonzero(np.equal(scratch, np.uint64(_LAST_BIN)))
        late = [self.find_one(luck) for luck in (drawn[tails] >> _U_32).tolist()]
        np.right_shift(drawn, _U_32, out=drawn)
        np.bitwise_and(drawn, np.uint64(_FRACTION), out=drawn)
        np.bitwise_and(out, np.uint64(0xFFFF_FFFF), out=scratch)
        np.multiply(drawn, scratch, out=drawn)
        np.right_shift(drawn, np.uint64(_FRACTION_BITS), out=drawn)
        np.right_shift(out, _U_32, out=out)
        np.add(out, drawn, out=out)
        out[tails] = late


@cache
def _quantiles() -> _Quantiles:
    """Make the table at its first use (a few milliseconds); it never changes."""
    return _Quantiles()


_LOG_BITS: Final = 64


def _round_log(log: int) -> int:
    """Return a logarithm of `_list_logs` in units of 2**-20."""
    shift = _LOG_BITS - _UNIT_BITS
    return (log + (1 << (shift - 1))) >> shift


def _list_logs() -> tuple[int, ...]:
    """Return ln(n) for n = 0 ... 4096 in units of 2**-64 (the one for 0 is a placeholder).

    ln(n) - ln(n - 1) is 2 artanh(1 / (2 n - 1)), whose series needs nothing but division; its
    cut-off errors add up to less than 2**-48, far below the unit that is kept.
    """
    logs = [0, 0]
    for n in range(2, _BINS + 1):
        odd = 2 * n - 1
        power = (2 << _LOG_BITS) // odd
        square = odd * odd
        total, divisor = 0, 1
        while power:
            total += power // divisor
            power //= square
            divisor += 2
        logs.append(logs[-1] + total)
    return tuple(logs)
