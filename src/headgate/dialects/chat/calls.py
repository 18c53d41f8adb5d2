"""Tool calls put together from the deltas of one choice, whatever their indices are worth.

Servers send whole calls or pieces, all under index 0 or under none, with the id once, always, or
never. The rules: a new id with a name under a used index is a new call once the earlier one is
whole; without an index the id decides, else a name begins a new call and a bare piece belongs to
the last one.
"""

from collections.abc import Callable
from typing import Any

from headgate.dialects.chat.assistant import CALL_FIELDS, call_fields, minted_id
from headgate.dialects.chat.lenient import Json, rest_of, text_in
from headgate.dialects.chat.reasoning import signed_call_state
from headgate.dialects.destination import Source
from headgate.model import events as ev
from headgate.model.custom_input import Unwrapper
from headgate.model.fault import StreamBroken
from headgate.model.request import ToolRef
from headgate.wire import json_text

MAX_CALLS = 1024
_MAX_REMEMBERED = 1 << 20


class _Call:
    """One call while its pieces arrive."""

    __slots__ = ("id", "key", "name", "pieces", "size", "text", "unwrapper", "wire_id")

    def __init__(self) -> None:
        self.key = -1
        """The block's key; -1 while the name is not known, -2 where the call is left out."""
        self.id = ""
        self.wire_id = ""
        self.name = ""
        self.pieces: list[str] = []
        self.size = 0
        self.unwrapper: Unwrapper | None = None
        self.text = False

    def remember(self, piece: str) -> None:
        self.size += len(piece)
        if self.size <= _MAX_REMEMBERED or self.key == -1:
            self.pieces.append(piece)

    def whole(self) -> bool:
        """Whether the arguments so far are none or complete JSON."""
        if self.size > _MAX_REMEMBERED:
            return False
        try:
            json_text.decode("".join(self.pieces) or "{}")
        except ValueError:
            return False
        return True


class Calls:
    """The tool calls of one choice; `read` and `close` append the events to their list."""

    def __init__(self, source: Source, choice: int, seed: str, next_key: Callable[[], int]) -> None:
        self._source = source
        self._choice = choice
        self._seed = seed
        self._next_key = next_key
        self._calls: list[_Call] = []
        self._by_index: dict[Any, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self.called = False
        """A call of the caller's tools was made."""

    def read(self, entry: Json, out: list[ev.Event]) -> None:
        """One entry of a delta's ``tool_calls``."""
        index, id_ = entry.get("index"), text_in(entry.get("id"))
        said = call_fields(entry)
        if not isinstance(index, int):
            index = None
        call = self._find(index, id_, said.name)
        if call is None:
            call = self._new(index, id_)
        if call.key == -1 and said.name:
            self._begin(call, said.name, said.custom, entry, out)
        if said.arguments:
            self._arguments(call, said.arguments, out)

    def close(self, out: list[ev.Event]) -> None:
        """Ends every open call; a call that never said its name gets an empty one."""
        for call in self._calls:
            if call.key == -1:
                self._begin(call, "", False, {}, out)
            if call.key >= 0:
                rest = call.unwrapper.end() if call.unwrapper else ""
                if rest:
                    out.append(ev.ArgumentsDelta(call.key, rest))
                out.append(ev.BlockEnded(call.key))
        self._calls.clear()
        self._by_index.clear()
        self._by_id.clear()

    def _find(self, index: int | None, id_: str, name: str) -> _Call | None:
        if index is not None:
            call = self._by_index.get(index)
            renewed = call is not None and id_ and id_ != call.wire_id and call.wire_id
            return None if renewed and name and call is not None and call.whole() else call
        if id_ and (id_ in self._by_id or name):
            return self._by_id.get(id_)
        return None if name or not self._calls else self._calls[-1]

    def _new(self, index: int | None, id_: str) -> _Call:
        if len(self._calls) >= MAX_CALLS:
            raise StreamBroken(f"more than {MAX_CALLS} tool calls in one reply")
        call = _Call()
        call.wire_id = id_
        taken = not id_ or id_ in self._by_id
        call.id = minted_id(self._seed, len(self._calls)) if taken else id_
        self._calls.append(call)
        if index is not None:
            self._by_index[index] = call
        self._by_id.setdefault(id_ or call.id, call)
        return call

    def _begin(
        self, call: _Call, name: str, custom: bool, entry: Json, out: list[ev.Event]
    ) -> None:
        if name and name == self._source.schema_tool:
            call.text = True
            block: ev.Block = ev.TextBlock()
        elif self.called and self._source.one_tool_call:
            call.key = -2
            return
        else:
            ref = self._source.tools.get(name) or ToolRef(name, custom=custom)
            call.unwrapper = Unwrapper() if ref.custom and not custom else None
            own = rest_of(entry, CALL_FIELDS)
            extras = {"chat": own} if own else None
            block = ev.ToolCallBlock(call.id, ref.name, ref.custom, ref.namespace, extras)
            self.called = True
            self._sign(entry, out)
        call.key = self._next_key()
        out.append(ev.BlockStarted(call.key, block, self._choice))
        held, call.pieces = call.pieces, []
        for piece in held:
            self._arguments(call, piece, out)

    def _sign(self, entry: Json, out: list[ev.Event]) -> None:
        state = signed_call_state(entry, self._source.vendor)
        if state is not None:
            key = self._next_key()
            out.append(ev.BlockStarted(key, ev.ReasoningBlock(), self._choice))
            out.append(ev.StateAttached(key, state))
            out.append(ev.BlockEnded(key))

    def _arguments(self, call: _Call, piece: str, out: list[ev.Event]) -> None:
        call.remember(piece)
        if call.key < 0:
            return
        if call.unwrapper is not None:
            piece = call.unwrapper.feed(piece)
        if piece:
            delta = ev.TextDelta if call.text else ev.ArgumentsDelta
            out.append(delta(call.key, piece))
