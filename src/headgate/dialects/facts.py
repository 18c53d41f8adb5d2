"""What a relayed stream lets us know without being decoded."""

from dataclasses import dataclass

from headgate.model.fault import Fault
from headgate.model.usage import Usage


@dataclass(slots=True)
class Facts:
    """Notes on one reply, taken while its bytes pass; also what a whole JSON reply says.

    ``events`` counts data events (comments, pings, terminators and errors are none).
    ``finished``: a finish reason was seen; ``terminated``: the dialect's own last word was.
    ``fault``: the backend reported an error in band (``fault_relayed``: in a frame that was passed
    on as it is). ``output_bytes`` is a rough measure of generated text, for
    an estimate where no usage comes. ``sequence_number`` is the last one seen (Responses).
    ``ends_with_body``: there is no last word, the reply is whole when its bytes end cleanly.
    """

    events: int = 0
    finished: bool = False
    terminated: bool = False
    fault: Fault | None = None
    fault_relayed: bool = False
    usage: Usage | None = None
    id: str = ""
    model: str = ""
    output_bytes: int = 0
    sequence_number: int = -1
    native_finish: str | None = None
    ends_with_body: bool = False
