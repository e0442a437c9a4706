"""Sets of packets, exact: decision diagrams over header fields whose branches are ranges of numbers. Pure.

A diagram asks for one field after the other, always in the same order, and has one node for equal questions (as BDDs
do: Bryant 1986; with ranges in place of bits: Gouda and Liu 2007, firewall decision diagrams). So two sets are equal if
they are the same object, a set is empty if it is `Space.nothing`, and union, intersection and difference never blow up
into lists of cubes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence

Range = tuple[int, int]
"""First and last value."""


class _Node:
    """A question for the field at `level`; child i is for values up to bounds[i] and above bounds[i - 1]."""

    __slots__ = ("bounds", "children", "level")

    def __init__(self, level: int, bounds: tuple[int, ...], children: tuple[_Node, ...]) -> None:
        self.level, self.bounds, self.children = level, bounds, children


_Operation = Callable[[_Node, _Node], _Node]


class Packets:
    """A set of packets of one space. Sets of one space can be compared by `==`, and are true unless empty."""

    __slots__ = ("_root", "space")

    def __init__(self, space: Space, root: _Node) -> None:
        self.space, self._root = space, root

    def __or__(self, other: Packets) -> Packets:
        return Packets(self.space, self.space._union(self._root, other._root))

    def __and__(self, other: Packets) -> Packets:
        return Packets(self.space, self.space._intersection(self._root, other._root))

    def __sub__(self, other: Packets) -> Packets:
        return Packets(self.space, self.space._difference(self._root, other._root))

    def __invert__(self) -> Packets:
        return self.space.everything - self

    def __bool__(self) -> bool:
        return self._root is not self.space._no

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Packets) and self._root is other._root

    def __hash__(self) -> int:
        return id(self._root)

    def without(self, name: str) -> Packets:
        """With any value of a field, if some value of it was in the set."""
        level = self.space.levels[name]
        return Packets(self.space, self.space._forget(self._root, level, {}))

    def assigned(self, name: str, ranges: Iterable[Range]) -> Packets:
        """With values out of `ranges` in a field, whatever was there."""
        return self.without(name) & self.space.among(name, ranges)

    def moved(self, names: Mapping[str, str]) -> Packets:
        """With fields exchanged: those that are keys get what was in the fields that are their values.

        What links the values of the exchanged fields is given up, so that the result may be larger.
        """
        result = self
        for name in names:
            result = result.without(name)
        for name, source in names.items():
            result &= self.space.among(name, self.values(source))
        return result

    def values(self, name: str) -> list[Range]:
        """The values of a field that occur, as ranges in order."""
        level = self.space.levels[name]
        found: set[Range] = set()
        seen: set[_Node] = set()
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            if node in seen or node is self.space._no:
                continue
            seen.add(node)
            if node.level > level:
                return [(0, self.space.sizes[level])]
            low = 0
            for bound, child in zip(node.bounds, node.children, strict=True):
                if node.level == level and child is not self.space._no:
                    found.add((low, bound))
                low = bound + 1
            if node.level < level:
                waiting += node.children
        return joined(found)

    def witness(self, preferred: Mapping[str, Sequence[int]] | None = None) -> dict[str, int]:
        """One packet of the set, by field; of each field a preferred value where that is possible.

        Raises ValueError if the set is empty.
        """
        if not self:
            raise ValueError("an empty set has no packets")
        rest = self
        for name, wishes in (preferred or {}).items():
            for wish in wishes:
                if narrowed := rest & self.space.value(name, wish):
                    rest = narrowed
                    break
        found: dict[str, int] = {}
        node = rest._root
        while node is not self.space._yes:
            place = next(n for n, child in enumerate(node.children) if child is not self.space._no)
            found[self.space.names[node.level]] = node.bounds[place - 1] + 1 if place else 0
            node = node.children[place]
        return {name: found.get(name, 0) for name in self.space.names}

    def __contains__(self, packet: Mapping[str, int]) -> bool:
        node = self._root
        while node.level < len(self.space.names):
            node = node.children[bisect_left(node.bounds, packet[self.space.names[node.level]])]
        return node is self.space._yes


class Space:
    """All packets that have certain fields. fields: the largest value of each by name, in the order of questions."""

    def __init__(self, fields: Mapping[str, int]) -> None:
        self.names = tuple(fields)
        self.sizes = tuple(fields.values())
        self.levels = {name: level for level, name in enumerate(self.names)}
        end = len(self.names)
        self._no, self._yes = _Node(end, (), ()), _Node(end, (), ())
        self._nodes: dict[tuple[int, tuple[int, ...], tuple[_Node, ...]], _Node] = {}
        self._unions: dict[tuple[_Node, _Node], _Node] = {}
        self._intersections: dict[tuple[_Node, _Node], _Node] = {}
        self._differences: dict[tuple[_Node, _Node], _Node] = {}
        self.nothing = Packets(self, self._no)
        self.everything = Packets(self, self._yes)

    def value(self, name: str, value: int) -> Packets:
        """Those with one value of a field."""
        return self.among(name, ((value, value),))

    def among(self, name: str, ranges: Iterable[Range]) -> Packets:
        """Those with a value of a field within one of the ranges, which may overlap and be in any order."""
        level = self.levels[name]
        size = self.sizes[level]
        bounds: list[int] = []
        children: list[_Node] = []
        for first, last in joined(ranges):
            if first > 0:
                bounds.append(first - 1)
                children.append(self._no)
            bounds.append(min(last, size))
            children.append(self._yes)
        if not bounds or bounds[-1] < size:
            bounds.append(size)
            children.append(self._no)
        return Packets(self, self._node(level, bounds, children))

    def _node(self, level: int, bounds: Sequence[int], children: Sequence[_Node]) -> _Node:
        """The one node with these branches, equal ones beside each other joined."""
        kept_bounds: list[int] = []
        kept: list[_Node] = []
        for bound, child in zip(bounds, children, strict=True):
            if kept and kept[-1] is child:
                kept_bounds[-1] = bound
            else:
                kept_bounds.append(bound)
                kept.append(child)
        if len(kept) == 1:
            return kept[0]
        key = (level, tuple(kept_bounds), tuple(kept))
        found = self._nodes.get(key)
        if found is None:
            found = self._nodes[key] = _Node(*key)
        return found

    def _union(self, a: _Node, b: _Node) -> _Node:
        if a is b or b is self._no or a is self._yes:
            return a
        if a is self._no or b is self._yes:
            return b
        key = (a, b)
        found = self._unions.get(key)
        if found is None:
            found = self._unions[key] = self._unions[b, a] = self._combined(a, b, self._union)
        return found

    def _intersection(self, a: _Node, b: _Node) -> _Node:
        if a is b or b is self._yes or a is self._no:
            return a
        if a is self._yes or b is self._no:
            return b
        key = (a, b)
        found = self._intersections.get(key)
        if found is None:
            found = self._intersections[key] = self._intersections[b, a] = self._combined(a, b, self._intersection)
        return found

    def _difference(self, a: _Node, b: _Node) -> _Node:
        if a is b or a is self._no or b is self._yes:
            return self._no
        if b is self._no:
            return a
        key = (a, b)
        found = self._differences.get(key)
        if found is None:
            found = self._differences[key] = self._combined(a, b, self._difference)
        return found

    def _combined(self, a: _Node, b: _Node, operation: _Operation) -> _Node:
        if a.level < b.level:
            return self._node(a.level, a.bounds, [operation(child, b) for child in a.children])
        if b.level < a.level:
            return self._node(b.level, b.bounds, [operation(a, child) for child in b.children])
        bounds: list[int] = []
        children: list[_Node] = []
        left = right = 0
        while left < len(a.bounds):
            bound = min(a.bounds[left], b.bounds[right])
            bounds.append(bound)
            children.append(operation(a.children[left], b.children[right]))
            left += a.bounds[left] == bound
            right += b.bounds[right] == bound
        return self._node(a.level, bounds, children)

    def _forget(self, node: _Node, level: int, known: dict[_Node, _Node]) -> _Node:
        if node.level > level:
            return node
        found = known.get(node)
        if found is None:
            if node.level == level:
                found = self._no
                for child in node.children:
                    found = self._union(found, child)
            else:
                found = self._node(node.level, node.bounds, [self._forget(one, level, known) for one in node.children])
            known[node] = found
        return found


def joined(ranges: Iterable[Range]) -> list[Range]:
    """The same numbers as ranges in order that neither overlap nor touch."""
    result: list[Range] = []
    for first, last in sorted(ranges):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result
