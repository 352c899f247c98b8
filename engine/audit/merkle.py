"""Merkle trees of RFC 6962: one root for many rows, and a short proof that a row is among them."""

from collections.abc import Iterable, Sequence

from engine.audit.encoding import digest


def leaf(algorithm: str, data: bytes) -> bytes:
    """The hash of a leaf (RFC 6962, 2.1)."""
    return digest(algorithm, b"\x00" + data)


def node(algorithm: str, left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return digest(algorithm, b"\x01" + left + right)


class Tree:
    """The root over leaves that come one by one; keeps one hash a level, never the leaves."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []  # (leaves under it, hash), largest first

    def add(self, data: bytes) -> None:
        """Append a leaf's data."""
        self.size += 1
        peak = (1, leaf(self.algorithm, data))
        while self._peaks and self._peaks[-1][0] == peak[0]:
            count, left = self._peaks.pop()
            peak = (2 * count, node(self.algorithm, left, peak[1]))
        self._peaks.append(peak)

    def root(self) -> bytes:
        """The root over what was added; of nothing, the hash of nothing."""
        if not self._peaks:
            return digest(self.algorithm, b"")
        peaks = [peak for _count, peak in self._peaks]
        found = peaks.pop()
        while peaks:
            found = node(self.algorithm, peaks.pop(), found)
        return found


def root(algorithm: str, leaves: Iterable[bytes]) -> bytes:
    """The root over all leaves' data."""
    tree = Tree(algorithm)
    for data in leaves:
        tree.add(data)
    return tree.root()


def path(algorithm: str, leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf `index` (RFC 6962, 2.1.1): the neighbours from the leaf upwards."""
    found: list[bytes] = []
    level = [leaf(algorithm, data) for data in leaves]
    while len(level) > 1:
        neighbour = index ^ 1
        if neighbour < len(level):
            found.append(level[neighbour])
        # An odd last hash has no neighbour on this level and rises unchanged.
        paired = zip(level[::2], level[1::2], strict=False)
        level = [node(algorithm, *pair) for pair in paired] + level[len(level) // 2 * 2 :]
        index //= 2
    return found


def root_from_path(
    algorithm: str, data: bytes, index: int, size: int, path: Sequence[bytes]
) -> bytes:
    """The root that `path` leads to from a leaf. Raises ValueError when its length is impossible.

    (RFC 9162, 2.1.3.2.)
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    here, last, found = index, size - 1, leaf(algorithm, data)
    for neighbour in path:
        if last == 0:
            raise ValueError("the path is too long")
        if here % 2 or here == last:
            found = node(algorithm, neighbour, found)
            while here % 2 == 0 and here:
                here, last = here // 2, last // 2
        else:
            found = node(algorithm, found, neighbour)
        here, last = here // 2, last // 2
    if last:
        raise ValueError("the path is too short")
    return found
