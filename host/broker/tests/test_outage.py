"""A broker that waits for the others says so."""

import pytest

from broker.outage import Outage


def test_it_is_told_once_how_long_emqx_has_not_served(capsys: pytest.CaptureFixture[str]) -> None:
    outage = Outage()
    for now in range(100, 160, 5):
        outage.look(runs=True, serves=False, now=now)
    assert outage.seconds == 55
    said = capsys.readouterr().out
    assert said.count("force-load") == 1


def test_a_start_and_a_stop_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    outage = Outage()
    outage.look(runs=True, serves=False, now=0)
    outage.look(runs=True, serves=False, now=20)
    outage.look(runs=True, serves=True, now=25)
    assert outage.seconds == 0
    outage.look(runs=False, serves=False, now=26)
    outage.look(runs=True, serves=False, now=90)
    assert outage.seconds == 0
    assert capsys.readouterr().out == ""


def test_a_second_time_is_told_again(capsys: pytest.CaptureFixture[str]) -> None:
    outage = Outage()
    for begin in (0, 1000):
        outage.look(runs=True, serves=False, now=begin)
        outage.look(runs=True, serves=False, now=begin + 40)
        outage.look(runs=True, serves=True, now=begin + 41)
    assert capsys.readouterr().out.count("has not served") == 2
