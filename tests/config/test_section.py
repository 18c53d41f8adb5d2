from headgate.config.section import Guarded


class Sample(Guarded, frozen=True, kw_only=True):
    name: str
    api_key: str | None = None


def test_a_secret_shows_only_that_it_is_there() -> None:
    assert repr(Sample(name="a", api_key="sk-1")) == "Sample(name='a', api_key='***')"
    assert repr(Sample(name="a")) == "Sample(name='a', api_key=None)"


def test_pretty_printers_see_no_secret_either() -> None:
    shown = dict(Sample(name="a", api_key="sk-1").__rich_repr__())
    assert shown == {"name": "a", "api_key": "***"}
