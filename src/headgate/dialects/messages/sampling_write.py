"""The sampler's dials, and the small fields that this dialect has or lacks."""

import re
from typing import Any

from headgate.dialects.messages.losses import Losses
from headgate.dialects.messages.writing import Writing
from headgate.model.fault import Untranslatable
from headgate.model.ids import fit
from headgate.model.request import Request, Sampling

Object = dict[str, Any]

_LEAST_TOP_P_WITH_THINKING = 0.95
_TIERS = {
    "auto": "auto",
    "priority": "auto",
    "standard_only": "standard_only",
    "default": "standard_only",
    "flex": "standard_only",
}

_USER_ID = re.compile(r".{1,256}\Z", re.DOTALL)
"""How long ``metadata.user_id`` may be."""


def write_sampling(request: Request, writing: Writing, thinking: bool) -> Object:
    """Dials, stop sequences, user and tier. While the model thinks it takes no dials."""
    losses = writing.losses
    body = _dials(request.sampling, writing, thinking)
    stop = [sequence for sequence in request.sampling.stop if sequence.strip()]
    if stop:
        body["stop_sequences"] = stop
    if len(stop) < len(request.sampling.stop):
        losses.add("stop")
    user = request.safety_id or request.user
    if user is not None:
        body["metadata"] = {"user_id": fit(user, _USER_ID, prefix="user_")}
        if request.user is not None and request.user != user:
            losses.add("user")
    if request.service_tier is not None:
        tier = _TIERS.get(request.service_tier)
        if tier is None:
            losses.add("service_tier")
        else:
            body["service_tier"] = tier
    return body


def lose_the_rest(request: Request, losses: Losses) -> None:
    """Notes what this dialect cannot say. Raises Untranslatable where the answer would not be
    what was asked for. A value that means the default is no loss."""
    _refuse_demands(request, losses)
    sampling = request.sampling
    lost = {
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "seed": sampling.seed is not None,
        "logit_bias": sampling.logit_bias,
        "logprobs": sampling.logprobs,
        "top_logprobs": sampling.top_logprobs,
        "verbosity": request.verbosity,
        "prediction": request.prediction,
        "audio": request.audio,
        "truncation": request.truncation not in (None, "disabled"),
        "include": set(request.include) - {"reasoning.encrypted_content"},
    }
    for field, value in lost.items():
        if value:
            losses.add(field)


def _refuse_demands(request: Request, losses: Losses) -> None:
    """Raises Untranslatable for several answers, spoken answers, and stored conversations."""
    demands = {
        "n": (request.sampling.n or 1) > 1,
        "modalities": set(request.modalities) - {"text"},
        "previous_response_id": request.previous_response_id,
        "conversation": request.conversation,
        "background": request.background,
    }
    for field, demanded in demands.items():
        if demanded:
            message = f"The target cannot do what `{losses.name(field)}` asks for."
            raise Untranslatable(losses.name(field), message)


def _dials(sampling: Sampling, writing: Writing, thinking: bool) -> Object:
    temperature, top_p, top_k = sampling.temperature, sampling.top_p, sampling.top_k
    abilities = writing.destination.abilities
    body: Object = {}
    if abilities.fixed_sampling:
        _lose_unless(writing, temperature=(temperature, 1), top_p=(top_p, 1), top_k=(top_k, None))
        return body
    if thinking:
        _lose_unless(writing, temperature=(temperature, 1), top_k=(top_k, None))
        temperature = top_k = None
        if top_p is not None and top_p < _LEAST_TOP_P_WITH_THINKING:
            writing.losses.add("top_p")
            top_p = None
    if temperature is not None and temperature > 1:
        writing.losses.add("temperature")
        temperature = 1
    if abilities.one_of_temperature_top_p and temperature is not None:
        _lose_unless(writing, top_p=(top_p, 1))
        top_p = None
    said = {"temperature": temperature, "top_p": top_p, "top_k": top_k}
    return {key: value for key, value in said.items() if value is not None}


def _lose_unless(writing: Writing, **dials: tuple[float | None, float | None]) -> None:
    """Notes the dials that are set to something else than their default."""
    for field, (value, default) in dials.items():
        if value is not None and value != default:
            writing.losses.add(field)
