"""From a regex to the regex of everything that may still become a match of it.

`unfinished` describes the proper prefixes of matches: text after which more text can make, or
change, a match that began there. Where no suffix of the text so far is such a prefix, nothing
that comes can form a match with it, and it may be released.

A prefix of ``AB`` is a prefix of ``A``, or all of ``A`` and a prefix of ``B``; of ``A{m,n}``,
fewer than n times ``A`` and a prefix of one more. An assertion that looks ahead is unfinished
itself: it waits for the next character.
"""

from headgate.policies.patterns.syntax import (
    Assertion,
    Char,
    Concat,
    Either,
    Flagged,
    Node,
    Repeat,
)


def write(node: Node) -> str:
    """The regex of `node`, without captures."""
    match node:
        case Char(source=source) | Assertion(source=source):
            return source
        case Concat(items=items):
            return "".join(f"(?:{write(i)})" if isinstance(i, Either) else write(i) for i in items)
        case Either(options=options):
            return "|".join(map(write, options))
        case Flagged(flags=flags, item=item):
            return f"(?{flags}:{write(item)})"
        case Repeat(item=item, least=least, most=most, lazy=lazy):
            return _times(item, least, most) + ("?" if lazy else "")


def unfinished(node: Node) -> str | None:
    """The regex of the proper prefixes of what `node` matches, the empty one included; None
    where there is none."""
    match node:
        case Char():
            return ""
        case Assertion(ahead=ahead):
            return "" if ahead else None
        case Concat(items=items):
            return _unfinished_concat(items)
        case Either(options=options):
            return _either([part for o in options if (part := unfinished(o)) is not None])
        case Flagged(flags=flags, item=item):
            inner = unfinished(item)
            return f"(?{flags}:{inner})" if inner else inner
        case Repeat(item=item, most=most):
            return _unfinished_repeat(item, most)


def _unfinished_concat(items: tuple[Node, ...]) -> str | None:
    rest: str | None = None
    for item in reversed(items):
        later = None if rest is None else f"{_grouped(item)}{rest}"
        rest = _either([part for part in (unfinished(item), later) if part is not None])
    return rest


def _unfinished_repeat(item: Node, most: int | None) -> str | None:
    last = unfinished(item)
    if last is None or most == 0:
        return None
    if most == 1:
        return last
    before = _times(item, 0, None if most is None else most - 1)
    return before + last


def _either(parts: list[str]) -> str | None:
    """One of `parts`; an empty one makes the others optional."""
    if not parts:
        return None
    said = list(dict.fromkeys(part for part in parts if part))
    if not said:
        return ""
    return f"(?:{'|'.join(said)})" + ("?" if "" in parts else "")


def _grouped(node: Node) -> str:
    text = write(node)
    return text if isinstance(node, Char | Assertion | Flagged) else f"(?:{text})"


def _times(item: Node, least: int, most: int | None) -> str:
    match (least, most):
        case (0, None):
            count = "*"
        case (1, None):
            count = "+"
        case (0, 1):
            count = "?"
        case (_, None):
            count = f"{{{least},}}"
        case _:
            count = f"{{{least},{most}}}"
    return _grouped(item) + count
