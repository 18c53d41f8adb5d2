import msgspec

from headgate.config.model_section import ModelSettings, TargetSettings
from tests.config.documents import only_problem, read


def test_the_documented_defaults_hold() -> None:
    model = ModelSettings(targets=(TargetSettings(backend="a", model="m"),))
    assert (model.strategy, model.retries, model.hash_on) == ("weighted", 2, "session")
    assert model.fallback_on == ("connect", "timeout", "429", "5xx")
    assert (model.targets[0].weight, model.targets[0].priority) == (1.0, 0)
    assert model.on_loss is None


def test_a_loss_may_be_refused_for_one_model() -> None:
    text = "backends: {a: {kind: openai}}\nmodels: {m: {targets: [{backend: a, model: x}], "
    assert read(text + "on_loss: refuse}}").models["m"].on_loss == "refuse"


def test_a_negative_weight_is_refused() -> None:
    text = "models: {m: {targets: [{backend: a, model: x, weight: -1}]}}\nbackends: {a: {}}"
    text = text.replace("{}", "{kind: openai}")
    assert "0 or more" in only_problem(text).message


def test_settings_cannot_be_changed() -> None:
    assert msgspec.structs.fields(ModelSettings)
    assert ModelSettings.__struct_config__.frozen
