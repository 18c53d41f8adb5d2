import pathlib

import pytest

from headgate.storage.set_aside import FILE, set_aside


def test_lines_are_kept_one_a_line_and_the_log_says_so(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    set_aside(tmp_path, [b"one\n", b"torn"], "unreadable")
    set_aside(tmp_path, [b"two"], "unreadable")
    set_aside(tmp_path, [], "nothing to say")
    assert (tmp_path / FILE).read_bytes() == b"one\ntorn\ntwo\n"
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [record.message.partition(";")[0] for record in caplog.records] == ["unreadable"] * 3
