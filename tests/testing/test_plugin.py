"""The fixtures, as a user's test suite has them."""

from collections.abc import Callable

import pytest

from headgate.testing import Gateway, ScriptedUpstream

pytest_plugins = ["pytester"]


def test_an_upstream_is_there_and_new(scripted_upstream: ScriptedUpstream) -> None:
    assert scripted_upstream.url.startswith("http://127.0.0.1:")
    assert scripted_upstream.requests() == []


def test_several_gateways_can_be_made(
    scripted_upstream: ScriptedUpstream, headgate_gateway: Callable[..., Gateway]
) -> None:
    up = {"base_url": scripted_upstream.url, "speaks": ["chat"], "api_key": "k"}
    one = headgate_gateway({"backends": {"up": up}})
    other = headgate_gateway()
    assert one.url != other.url
    assert one.exit_code is None
    assert other.exit_code is None


def test_the_log_stands_in_the_report_of_a_failed_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import types
        from headgate.testing import plugin

        def test_fails(request, headgate_gateway):
            fake = types.SimpleNamespace(url="http://x", log="what it wrote", stop=lambda: None)
            request.node.stash[plugin.GATEWAYS].append(fake)
            assert False

        def test_passes(request, headgate_gateway):
            fake = types.SimpleNamespace(url="http://y", log="unseen", stop=lambda: None)
            request.node.stash[plugin.GATEWAYS].append(fake)
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*gateway log (http://x)*", "what it wrote"])
    result.stdout.no_fnmatch_line("*unseen*")
