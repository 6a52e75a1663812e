"""Adapters that vendors install: found by their entry points, opened by name, and told apart from their mistakes."""

from __future__ import annotations

import sys

import pytest
from lockproof.conformance import authorities, suite
from lockproof.conformance.run import run
from lockproof.conformance.targets import opened, target, with_authority
from lockproof.hw_adapter.guard import AdapterFault, AdapterPatience
from lockproof.hw_adapter.installed import open_adapter, open_authority, options_of
from lockproof.spec.observable import BadInput, BenchError, Declined, PowerCut

ACME = """
from lockproof.hw_adapter.vendor import BoxAdapter, declined, only
from lockproof.spec.observable import BadInput, BenchError, Decision


class Acme(BoxAdapter):
    closed = 0

    @classmethod
    def open(cls, options):
        only(options, "port", "baud")
        if options.get("port") == "gone":
            raise BenchError("gone: there is no such port")
        if options.get("port") == "odd":
            return None
        box = cls()
        box.options = options
        return box

    def close(self):
        Acme.closed += 1

    def enter(self, digits):
        if digits == "1":
            raise ZeroDivisionError
        if digits == "2":
            raise declined("tired", "digits")
        return Decision(1, None, None)

    hello = reset = provision = time_order = challenge = read_log = read_clock = None


class NoAdapter:
    pass
"""
SERVICE = """
import time
from lockproof.hw_adapter.authority import AuthorityAdapter
from lockproof.hw_adapter.vendor import only
from lockproof.reference.authority import ReferenceAuthority
from lockproof.reference.pins import CHEAP
from lockproof.spec.observable import AuthorityHello


class Service(ReferenceAuthority, AuthorityAdapter):
    @classmethod
    def open(cls, options):
        only(options, "hangs")
        made = cls(pin_cost=CHEAP)
        made.hangs = "hangs" in options
        return made

    def hello(self):
        return AuthorityHello("acme service", "3", ("interop",), True)

    def reset(self):
        ReferenceAuthority.close(self)
        ReferenceAuthority.__init__(self, pin_cost=CHEAP)

    def report(self):
        if self.hangs:
            time.sleep(600)
        return super().report()
"""
POINTS = """[lockproof.adapters]
acme = acme_box:Acme
broken = acme_broken:Acme
lacking = acme_box:Nobody
stranger = acme_box:NoAdapter

[lockproof.authorities]
acme = acme_service:Service
stranger = acme_box:Acme
"""


@pytest.fixture
def acme(tmp_path, monkeypatch):
    """The package of a vendor, as an installer leaves it."""
    info = tmp_path / "acme_box-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-box\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(POINTS)
    (tmp_path / "acme_box.py").write_text(ACME)
    (tmp_path / "acme_service.py").write_text(SERVICE)
    (tmp_path / "acme_broken.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("acme_box", "acme_broken", "acme_service"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("acme")
def test_it_is_opened_with_its_options_and_closed_once():
    with opened(target("adapter:acme:port=/dev/ttyUSB0,baud=9600")) as box:
        assert box.adapter.options == {"port": "/dev/ttyUSB0", "baud": "9600"}
        closed = type(box.adapter)
        assert closed.closed == 0
    assert closed.closed == 1


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("acne", "no adapter is called 'acne'; did you mean acme?   (installed: acme, broken, lacking, stranger)"),
        ("", "no adapter is called ''; (installed: acme, broken, lacking, stranger)"),
    ],
)
def test_an_unknown_name_lists_what_is_installed(name, told):
    with pytest.raises(BadInput) as error:
        target(f"adapter:{name}")
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("text", "options"),
    [("", {}), ("port=COM3", {"port": "COM3"}), ("a=1, b=x=y,c=", {"a": "1", "b": "x=y", "c": ""})],
)
def test_options(text, options):
    assert options_of(text) == options


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("port", "'port' is no option; write options as port=/dev/ttyUSB0,baud=9600, each once"),
        ("=x", "'=x' is no option; write options as port=/dev/ttyUSB0,baud=9600, each once"),
        ("a=1,a=2", "'a=2' stands there twice; write options as port=/dev/ttyUSB0,baud=9600, each once"),
    ],
)
def test_options_that_are_none(text, told):
    with pytest.raises(BadInput) as error:
        options_of(text)
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("name", "options", "kind", "told"),
    [
        ("acme", {"bord": "1"}, BadInput, "no option is called bord; options are port, baud"),
        ("acme", {"port": "gone"}, BenchError, "gone: there is no such port"),
        ("acme", {"port": "odd"}, AdapterFault, "adapter acme (of acme-box 1.2): its open returns None, and no adapter"),
        (
            "broken",
            {},
            AdapterFault,
            (
                "adapter broken (of acme-box 1.2): acme_broken:Acme can't be imported: ModuleNotFoundError: No module named"
                " 'no_such_library' (PATH/acme_broken.py:1); mend or install it anew"
            ),
        ),
        (
            "stranger",
            {},
            AdapterFault,
            "adapter stranger (of acme-box 1.2): acme_box:NoAdapter is no class made from lockproof.hw_adapter.vendor.BoxAdapter",
        ),
    ],
)
def test_whose_fault_it_is(acme, name, options, kind, told):
    with pytest.raises(kind) as error:
        open_adapter(name, options)
    said = told.replace("PATH", str(acme))
    assert str(error.value) == (said if kind is not BadInput else f"adapter acme (of acme-box 1.2): {said}")


@pytest.mark.usefixtures("acme")
def test_a_class_that_is_not_there():
    with pytest.raises(AdapterFault, match=r"^adapter lacking .* can't be imported: AttributeError: module 'acme_box' has no"):
        open_adapter("lacking", {})


def test_what_it_raises_and_answers(acme):
    with open_adapter("acme", {}) as box:
        with pytest.raises(AdapterFault) as raised:
            box.enter("1")
        assert str(raised.value).startswith("adapter acme: the adapter failed at keypad-entry: ZeroDivisionError: no message")
        assert f"({acme}/acme_box.py:" in str(raised.value)
        with pytest.raises(AdapterFault, match="keypad-entry was declined as 'tired', which is none of unknown-command, "):
            box.enter("2")
        with pytest.raises(AdapterFault) as odd:
            box.enter("3")
    assert str(odd.value) == (
        "adapter acme: the answer to keypad-entry is none: accepted: 1 is neither true nor false;"
        " it was Decision(accepted=1, reason=None, box_time=None)"
    )


@pytest.mark.usefixtures("acme")
def test_what_a_box_need_not_have_is_declined():
    with open_adapter("acme", {}) as box:
        for call, what in (
            (lambda: box.present(b""), "tickets"),
            (lambda: box.revocation_order(b""), "revocation orders"),
            (lambda: box.hold_clock(True), "holding its clock"),
            (lambda: box.advance_clock(1), "advancing its clock"),
            (lambda: box.disturb_clock(1), "disturbing its clock"),
            (lambda: box.cut_power(PowerCut()), "power cuts of class reset"),
            (box.lose_next_answer, "losing an answer on purpose"),
        ):
            with pytest.raises(Declined) as declined:
                call()
            assert str(declined.value) == f"the box declines {what} (unsupported)"


@pytest.mark.usefixtures("acme")
def test_an_authority_is_found_by_its_own_group_and_judged():
    (judged,) = with_authority("adapter:acme", ())
    result = run(judged, suite.select(suite.written(), ["which-to-use", "an-opening-notifies-once"]), rehearse=False)
    assert {each.id: each.verdict for each in result.scenarios if each.verdict != "not-applicable"} == {
        "which-to-use": "pass",
        "an-opening-notifies-once": "pass",
    }
    assert (result.identity, result.firmware, result.error) == ("acme service", "3", "")


@pytest.mark.usefixtures("acme")
def test_an_authority_that_hangs_is_given_up():
    with open_authority("acme", {"hangs": "yes"}, AdapterPatience(answer=1.0, end=0.3)) as asked:
        asked.reset()
        for _ in range(2):
            with pytest.raises(AdapterFault) as error:
                asked.report()
            assert str(error.value).startswith(
                "adapter acme: no answer to report within 1 s, and the adapter is given up: it is in report"
            )


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("adapter:acne", BadInput, "no adapter is called 'acne'; did you mean acme?   (installed: acme, stranger)"),
        ("adapter:acme:port=1", BadInput, "adapter acme (of acme-box 1.2): no option is called port; options are hangs"),
        (
            "adapter:stranger",
            AdapterFault,
            "adapter stranger (of acme-box 1.2): acme_box:Acme is no class made from lockproof.hw_adapter.authority.AuthorityAdapter",
        ),
    ],
)
def test_an_authority_that_can_not_be_opened_says_why(name, kind, told):
    look = authorities.check if name == "adapter:acne" else _opened
    with pytest.raises(kind) as error:
        look(name)
    assert str(error.value) == told


def _opened(name):
    with authorities.opened(name):
        pass
