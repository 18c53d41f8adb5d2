from headgate.cli.table import Row, lines, table


def test_columns_that_nobody_has_are_left_out() -> None:
    rows: list[Row] = [{"id": "1", "name": "alice", "email": None}, {"id": "22", "name": "bob"}]
    assert table(rows) == "id  name\n1   alice\n22  bob"
    assert table([]) == "none"


def test_what_is_not_set_is_left_out_of_a_row_however_deep() -> None:
    row = {"name": "alice", "email": None, "limits": {"concurrent": 4, "budget_usd": None}}
    assert lines(row) == "name: alice\nlimits: concurrent=4"
    assert lines({"limits": {"concurrent": None}, "models": []}) == "limits: -\nmodels: -"


def test_no_row_steers_the_terminal() -> None:
    assert lines({"name": "a\x1b[2Jb\n"}) == "name: a\ufffd[2Jb\ufffd"
