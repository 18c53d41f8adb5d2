from headgate.metrics.sample import Gauge, alone


def test_a_gauge_without_labels_has_one_value() -> None:
    assert alone("a", "A.", 2.0) == Gauge("a", "A.", (), (((), 2.0),))
    assert alone("a_total", "A.", 2.0, "counter").kind == "counter"
