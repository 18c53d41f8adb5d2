from headgate.policies.report import HOLD_BUCKETS_S, MOST_FINDINGS, Holds, Report


def test_holds_are_counted_by_how_long_they_were() -> None:
    holds = Holds()
    for seconds in (0.0, 0.001, 0.0011, 0.3, 99.0):
        holds.add(seconds, int(seconds))
    assert holds.buckets[0] == 2
    assert holds.buckets[1] == 1
    assert holds.buckets[HOLD_BUCKETS_S.index(0.5)] == 1
    assert holds.buckets[-1] == 1
    assert (holds.count, holds.longest_s, holds.largest) == (5, 99.0, 99)


def test_in_monitor_mode_nothing_is_held() -> None:
    report = Report("p", monitor=True)
    report.held(1.0, 5)
    assert report.holds.count == 0
    assert report.quiet


def test_findings_cannot_fill_the_log() -> None:
    report = Report("p")
    for number in range(1000):
        report.note(str(number))
    report.note("0")
    report.note("x" * 1000)
    assert len(report.findings) == MOST_FINDINGS
    assert report.findings["0"] == 2
    assert not report.quiet
