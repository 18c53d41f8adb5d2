import msgspec

from headgate.admin.deps import Analytics, RequestLog
from headgate.storage.analytics import Analytics as StoredAnalytics
from headgate.storage.request_log import RequestLog as StoredRequestLog
from tests.admin.conftest import FakeAnalytics, FakeRequestLog, World, deps
from tests.storage.fakes import FakeDatabase


def test_the_stored_request_log_is_what_the_admin_api_asks_for() -> None:
    log: RequestLog = StoredRequestLog(FakeDatabase())
    numbers: Analytics = StoredAnalytics(FakeDatabase())
    made = deps(FakeRequestLog(), FakeAnalytics(), World())
    wired = msgspec.structs.replace(made, request_log=log, analytics=numbers)
    assert (wired.request_log, wired.analytics) == (log, numbers)
