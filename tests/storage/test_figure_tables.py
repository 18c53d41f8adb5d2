from headgate.storage.figure_tables import figures
from headgate.storage.figuring import SUMS


def test_every_sum_has_a_column() -> None:
    assert [column.name for column in figures.columns] == ["series", "day", *SUMS]
