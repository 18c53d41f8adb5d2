from headgate.admin.deps import Deps, RequestLog
from headgate.storage.request_log import RequestLog as StoredRequestLog
from tests.storage.fakes import FakeDatabase


def test_the_stored_request_log_is_what_the_admin_api_asks_for() -> None:
    log: RequestLog = StoredRequestLog(FakeDatabase())
    assert Deps(request_log=log, verify_token=lambda token: False).request_log is log
