import re

from headgate.metrics.meters import Meters


def test_every_family_has_a_name_of_its_own_with_its_unit() -> None:
    families = list(Meters((0.1, 1.0)))
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert re.fullmatch(r"headgate_[a-z_]+", family.name)
        ending = "_seconds" if family.kind == "histogram" else "_total"
        assert family.name.endswith(ending)
        assert family.help.endswith(".")
        assert tuple(sorted(family.bounds)) == family.bounds
