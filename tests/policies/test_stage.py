from headgate.model import events as ev
from headgate.policies.duty import Duty, Terms
from headgate.policies.policy import Policy
from headgate.policies.stage import DutyStage, Stage
from tests.policies.drive import run


def test_a_stage_that_overrides_nothing_is_invisible() -> None:
    stage = Stage()
    assert stage.feed(ev.Started(), 0.0) == [ev.Started()]
    assert (stage.waiting, stage.fault, stage.again, stage.due()) == (False, None, False, None)
    assert run(stage.step(lambda: 0.0)) == []


def test_a_stage_of_a_policy_has_the_faults_of_its_duty() -> None:
    duty = Duty(Policy(), Terms(name="p"))
    stage = DutyStage(duty)
    assert stage.fault is None
    duty.fail("broken")
    assert stage.fault is duty.fault
    assert stage.fault is not None
    assert not stage.again
