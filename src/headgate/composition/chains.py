"""The policy chain, put to work in a gateway, and whom its policies may ask."""

import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from headgate.composition.inner_call import InnerCall
from headgate.config import ConfigErrors
from headgate.config.problems import Problem
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.gateway import Gateway
from headgate.pipeline.guard import Guard
from headgate.policies.chain import NO_CHAIN, Chain, Entry, compile_chain
from headgate.policies.environment import Environment, HttpAnswer, HttpCall
from headgate.policies.keys import ChainRefused
from headgate.policies.occasion import Occasion
from headgate.policies.rehearsal import Rehearsal, Trial, rehearse
from headgate.policies.service import MOST_ANSWER_BYTES
from headgate.upstream.answer import Call, Upstream
from headgate.upstream.inflate import inflated


def environment_of(gateway: Gateway, http: Upstream) -> Environment:
    """What policies may ask of this process: services over HTTP, models of the gateway itself."""

    async def post(call: HttpCall) -> HttpAnswer:
        return await _post(http, call)

    return Environment(
        post=post, ask_model=InnerCall(gateway).ask, clock=time.monotonic, wall=time.time
    )


def chain_of(entries: Sequence[Entry], place: str, environment: Environment) -> Chain:
    """The chain of `entries`, which stand in `place`. Raises ConfigErrors with all that is wrong
    with it."""
    try:
        return compile_chain(entries, environment)
    except ChainRefused as refused:
        raise ConfigErrors(
            msgspec.structs.replace(problem, file=place, where=_below_policies(problem))
            for problem in refused.problems
        ) from refused


class Guarding(msgspec.Struct, frozen=True):
    """Puts `chain` to work on exchanges: for `Snapshot.open_guard`."""

    chain: Chain

    def __call__(self, exchange: Exchange) -> Guard | None:
        """The chain at work on one exchange."""
        return self.chain.opens(
            Occasion(
                user=exchange.user.name,
                model=exchange.envelope.model,
                path=exchange.endpoint,
                dialect=exchange.dialect.name,
                headers=exchange.headers,
            )
        )


def rehearsing(
    gateway: Gateway, environment: Environment
) -> Callable[[Trial], Awaitable[Rehearsal]]:
    """Tries samples with their own chain, or with the one in force. Raises ChainRefused."""

    async def try_out(trial: Trial) -> Rehearsal:
        in_force = gateway.snapshot.open_guard
        chain = in_force.chain if isinstance(in_force, Guarding) else NO_CHAIN
        if trial.entries is not None:
            chain = compile_chain(trial.entries, environment)
        return await rehearse(chain, trial)

    return try_out


def _below_policies(problem: Problem) -> str:
    return f"policies.{problem.where}"


async def _post(http: Upstream, call: HttpCall) -> HttpAnswer:
    sent = Call(method="POST", url=call.url, headers=call.headers, body=call.body)
    answer = inflated(await http.send(sent))
    try:
        body = b""
        while len(body) <= MOST_ANSWER_BYTES and (data := await answer.read()):
            body += data
        return HttpAnswer(answer.status, body)
    finally:
        answer.close()
