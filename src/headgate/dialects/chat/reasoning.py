"""Reasoning beside an answer: its text, and the entries that carry its opaque state.

The only place of this dialect that spells opaque state. ``reasoning_details`` entries are
``reasoning.text`` (``text``, ``signature``), ``reasoning.summary`` (``summary``) and
``reasoning.encrypted`` (``data``); an entry whose ``id`` is a tool call's stands before that call.
"""

from collections.abc import Iterable

import msgspec

from headgate.dialects.chat.lenient import Json, object_in, objects_in, rest_of, text_in
from headgate.model.parts import Extras, Reasoning
from headgate.model.state import PREFIX, OpaqueState, StateKind, read_state, seal

HOME_VENDOR = "openrouter"
"""Whose state stands bare in ``reasoning_details``."""

SEALED_FORMAT = "headgate"
"""The ``format`` of entries whose state we sealed."""

TEXT_FIELDS = ("reasoning_content", "reasoning", "reasoning_text", "thinking")
_KNOWN = ("type", "text", "summary", "signature", "data", "thinking", "id", "index")


class Detail(msgspec.Struct, frozen=True):
    """One entry of ``reasoning_details``, taken apart."""

    id: str | None
    text: str
    summary: bool
    opaque: str
    kind: StateKind
    index: int | None
    extras: Json | None

    @property
    def encrypted(self) -> bool:
        """Whether the entry is state alone."""
        return self.kind != "signature"


def spell_for_caller(state: OpaqueState) -> str:
    """The state as callers get it."""
    return state.value if state.issuer == HOME_VENDOR else seal(state)


def spell_for_backend(state: OpaqueState | None, vendor: str) -> str | None:
    """The state as `vendor` gave it; None where it is somebody else's."""
    return state.value if state is not None and state.issuer == vendor else None


def reasoning_text(message: Json) -> str:
    """The reasoning in plain words in a message or delta, under whichever name."""
    for field in TEXT_FIELDS:
        value = message.get(field)
        if value and isinstance(value, str):
            return value
    return ""


def details_in(message: Json) -> list[Detail]:
    """The entries of ``reasoning_details`` (or of ``thinking_blocks``, an older form)."""
    entries = objects_in(message.get("reasoning_details"))
    return [_detail(entry) for entry in entries or objects_in(message.get("thinking_blocks"))]


def _detail(entry: Json) -> Detail:
    summary = text_in(entry.get("summary"))
    data = text_in(entry.get("data"))
    index = entry.get("index")
    return Detail(
        text_in(entry.get("id")) or None,
        summary or text_in(entry.get("text")) or text_in(entry.get("thinking")),
        bool(summary) or entry.get("type") == "reasoning.summary",
        data or text_in(entry.get("signature")),
        "encrypted" if data else "signature",
        index if isinstance(index, int) else None,
        rest_of(entry, _KNOWN),
    )


def state_of(detail: Detail, native_issuer: str) -> OpaqueState | None:
    """The opaque state of an entry; None where it has none or a damaged one."""
    if not detail.opaque:
        return None
    state = read_state(detail.opaque, native_issuer, detail.kind)
    if state is not None and state.id is None and state.issuer == native_issuer:
        return OpaqueState(state.issuer, state.value, state.kind, detail.id)
    return state


def read_reasoning(message: Json, native_issuer: str) -> list[tuple[Reasoning, str | None]]:
    """The reasoning of a whole message, each part with its entry's id.

    The entries' own texts count where they have any; else the message's one reasoning text goes
    to the first of them.
    """
    found: list[tuple[Reasoning, str | None]] = []
    details = details_in(message)
    for detail in details:
        _add(found, detail, state_of(detail, native_issuer))
    text = reasoning_text(message)
    if text and not any(detail.text for detail in details):
        if found and details[0].kind == "signature":
            first, id_ = found[0]
            found[0] = (msgspec.structs.replace(first, text=text), id_)
        else:
            found.insert(0, (Reasoning(text), None))
    return found


def _add(
    found: list[tuple[Reasoning, str | None]], detail: Detail, state: OpaqueState | None
) -> None:
    """Adds one entry; state alone joins the stateless text before it that has its id or none."""
    if detail.encrypted and not detail.text and state is not None and found:
        before, id_ = found[-1]
        if before.text and before.state is None and id_ in (None, detail.id):
            extras = {**(before.extras or {}), **(detail.extras or {})}
            joined = Reasoning(before.text, before.summary, state, extras or None)
            found[-1] = (joined, detail.id)
            return
    if detail.text or state is not None:
        part = Reasoning(detail.text, detail.summary, state, detail.extras)
        found.append((part, detail.id))


def write_details(
    part: Reasoning,
    opaque: str | None,
    first_index: int,
    own: Extras | None = None,
    before_call: str | None = None,
) -> list[Json]:
    """The entries that say `part`, whose state is spelled `opaque` (None: withheld).

    Text stands in them beside its state, so that what comes back is what was signed.
    `own` are the extras of the entry that the part was read from; without them a part needs no
    entry but for its state. `before_call` is the id of the tool call that follows.
    """
    state = part.state if opaque is not None else None
    marks = dict(own or {})
    if state is not None and opaque != state.value:
        marks["format"] = SEALED_FORMAT
    id_ = state.id if state is not None else None
    if before_call and marks.get("format") == SEALED_FORMAT:
        id_ = before_call
    entries = _words(part) if opaque is not None or own else []
    if state is not None and state.kind != "signature":
        entries.append({"type": "reasoning.encrypted", "data": opaque})
    elif state is not None:
        entries = entries or [{"type": "reasoning.text"}]
        entries[0]["signature"] = opaque
    named = {"id": id_} if id_ else {}
    return [
        {**entry, **named, **marks, "index": first_index + offset}
        for offset, entry in enumerate(entries)
    ]


def _words(part: Reasoning) -> list[Json]:
    kind = "summary" if part.summary else "text"
    return [{"type": f"reasoning.{kind}", kind: part.text}] if part.text else []


def signed_call_state(call: Json, native_issuer: str | None) -> OpaqueState | None:
    """The thought signature on a tool call: ``extra_content.<vendor>.thought_signature``.

    `native_issuer` None: the field itself names the issuer.
    """
    vendor, signature = _call_signature(call)
    return read_state(signature, native_issuer or vendor, "signature") if signature else None


def signed_call(vendor: str, opaque: str) -> Json:
    """The fields of a tool call that carry a thought signature."""
    return {"extra_content": {vendor: {"thought_signature": opaque}}}


def _call_signature(call: Json) -> tuple[str, str]:
    for vendor, content in object_in(call.get("extra_content")).items():
        signature = text_in(object_in(content).get("thought_signature"))
        if signature:
            return vendor, signature
    return "", ""


def unsealed(message: Json, vendor: str) -> Json:
    """A request's message with `vendor`'s sealed state bare and everybody else's taken out."""
    changed = dict(message)
    for field in ("reasoning_details", "thinking_blocks"):
        if field in changed:
            entries = list(_open_entries(objects_in(changed.pop(field)), vendor))
            if entries:
                changed[field] = entries
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        changed["tool_calls"] = [
            _open_call(call, vendor) if isinstance(call, dict) else call for call in calls
        ]
    return changed


def _open_entries(entries: Iterable[Json], vendor: str) -> Iterable[Json]:
    for entry in entries:
        detail = _detail(entry)
        if not detail.opaque.startswith(PREFIX):
            yield entry
            continue
        state = state_of(detail, HOME_VENDOR)
        opaque = spell_for_backend(state, vendor)
        if state is not None and opaque is not None:
            field = "data" if detail.encrypted else "signature"
            opened = {k: v for k, v in entry.items() if k not in ("format", "id")}
            yield {**opened, field: opaque, **({"id": state.id} if state.id else {})}


def _open_call(call: Json, vendor: str) -> Json:
    signature = _call_signature(call)[1]
    if not signature.startswith(PREFIX):
        return call
    state = signed_call_state(call, None)
    opaque = spell_for_backend(state, vendor)
    rest = {k: v for k, v in call.items() if k != "extra_content"}
    return rest if opaque is None else {**rest, **signed_call(vendor, opaque)}
