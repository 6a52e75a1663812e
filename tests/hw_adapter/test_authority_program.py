"""An authority as a program: its protocol as AUTHORITIES.md and the schema have it, and every way in which a program goes wrong."""

from __future__ import annotations

import copy
import json
import sys
import time
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lockproof.conformance.authorities import opened as opened_authority
from lockproof.conformance.run import run
from lockproof.conformance.suite import written
from lockproof.conformance.targets import with_authority
from lockproof.hw_adapter import authority, json_lines, line_program
from lockproof.hw_adapter.authority import AuthorityError, open_program
from lockproof.hw_adapter.authority_lines import OF_AN_AUTHORITY, OPTIONAL
from lockproof.hw_adapter.guard import DEFAULT_PATIENCE, AdapterFault, AdapterPatience
from lockproof.spec.observable import (
    Advice,
    Alert,
    AlertKind,
    Answer,
    AuthorityHello,
    BadInput,
    BenchError,
    CodeIndex,
    Declined,
    LogEntry,
    LogKind,
    NoAnswer,
    Notification,
    ReportKind,
    ReportLine,
    Revocation,
    Role,
)

ROOM = Path(authority.__file__).parent
PAGE = ROOM / "AUTHORITIES.md"
SCHEMA = json.loads((ROOM / "authority.schema.json").read_text(encoding="utf-8"))
JSON_SERVICE = Path(__file__).parent / "json_service.py"
READ_OUT = "import sys\nfor line in sys.stdin:\n    print(answers[line], flush=True)\n"
HURRIED = AdapterPatience(answer=1.5, end=0.3)
NOON = 1804006800
BOX, SECRET, NONCE = b"Lockproof one by", bytes(range(32)), bytes(range(16))


def lines(mark: str) -> list[str]:
    block = PAGE.read_text(encoding="utf-8").partition("```jsonl\n")[2].partition("```")[0]
    return [line.removeprefix(f"{mark} ") for line in block.splitlines() if line.startswith(mark)]


def exchanges() -> list[tuple[dict, dict]]:
    return [(json.loads(asked), json.loads(told)) for asked, told in zip(lines(">"), lines("<"), strict=True)]


def service(*words: str) -> str:
    return " ".join(f"'{word}'" for word in (sys.executable, JSON_SERVICE, *words))


def printing(line: str) -> str:
    """A program that answers everything with this line."""
    return f"'{sys.executable}' -c 'import sys\nfor _ in sys.stdin: print(sys.argv[1], flush=True)' '{line}'"


def test_the_page_byte_by_byte(tmp_path):
    """A program that knows the page's requests by heart, and nothing else, answers as the page does."""
    answers = {f"{asked}\n": told for asked, told in zip(lines(">"), lines("<"), strict=True)}
    script = tmp_path / "by_heart.py"
    script.write_text(f"answers = {answers!r}\n{READ_OUT}")
    told: list[object] = []
    with open_program(f"'{sys.executable}' '{script}'") as asked:
        assert asked.hello() == AuthorityHello("example service", "1.0", ("core", "interop"), True, ("share_by_email",))
        asked.reset()
        asked.add_person("123456", "Joe Smith", "4711", "main-office")
        asked.add_property("home", "123 Main Street", "America/Toronto", "123456", "main-office")
        asked.add_box(BOX, SECRET)
        asked.set_owners(BOX, ("123456",))
        asked.set_agent("home", "123456")
        asked.set_barred((Role.INSPECTOR,))
        asked.put(BOX, "home", NOON)
        asked.register_account("rita@example.org", NOON)
        told += [asked.which(Role.REALTOR)]
        granted = asked.grant_connect("123456", BOX, "rita@example.org", Role.REALTOR, NOON, NOON + 2700, NOON)
        grant = granted.reference
        told += [asked.grant_connect("123456", BOX, "carl@example.org", Role.CONSUMER, NOON, NOON + 2700, NOON)]
        ticket = asked.issue_ticket(grant, "rita@example.org", NONCE, NOON + 60)
        told += [asked.revocation_order(grant), asked.revoke(grant, "123456", NOON + 120)]
        order = asked.revocation_order(grant)
        asked.revocation_delivered(grant, NOON + 150)
        told += [asked.revocations()]
        code = asked.generate_code("123456", "4711", BOX, "2027-03-02", "Ann (appraiser)", Role.APPRAISER, True, NOON + 180)
        text, mail = asked.share(code.reference), asked.share_by_email(code.reference, "ann@example.org")
        entries = (
            LogEntry(1, LogKind.CONNECT, True, NOON + 70, bytes.fromhex(grant)),
            LogEntry(2, LogKind.CODE, True, NOON + 200, code.code),
            LogEntry(4, LogKind.REFUSALS, False, None, None, "box.ready", 2),
        )
        asked.receive(BOX, 3, entries, NOON + 300)
        report = asked.report()
        told += [asked.notifications(), asked.alerts()]
        asked.close_account("rita@example.org", NOON + 400)
        with pytest.raises(AuthorityError) as unminted:
            asked.mint(BOX, SECRET, code.code)
        with pytest.raises(AuthorityError) as unknown:
            asked.revoke("00" * 16, "123456", NOON + 500)
    assert told == [
        Advice("connect", "recommended for out-of-board agents", "eligibility.connect-realtor"),
        Answer(False, ("eligibility.consumer-never", "eligibility.connect-realtor")),
        None,
        Answer(True),
        (Revocation(grant, NOON + 120, NOON + 150, NOON + 180),),
        (Notification(BOX, 3, 1, grant, NOON + 70, NOON + 300),),
        (Alert(AlertKind.LOG_GAP, BOX, 3, 3, 3, NOON + 300),),
    ]
    assert granted == Answer(True, reference=grant)
    assert len(bytes.fromhex(grant)) == 16
    assert code.code == CodeIndex(1803963600, 1804050000, 0)
    assert code.digits in text
    assert code.digits.encode() in mail
    assert ticket.message[:6] == order[:6] == bytes.fromhex("8443a10105a0")
    assert report[0] == ReportLine(
        *(NOON, NOON, "2027-03-02 12:00:00", ReportKind.CONNECT_GRANTED),
        *("SentriConnect rita@example.org", "123 Main Street", "Joe Smith", "123456"),
    )
    assert [line.kind for line in report[1:]] == [
        *(ReportKind.CONNECT_USED, ReportKind.CONNECT_REVOKED, ReportKind.CODE_GENERATED, ReportKind.CODE_USED)
    ]
    assert (unminted.value.why, unknown.value.why) == ("unsupported", "bad-arguments")
    assert str(unknown.value) == f"authority {sys.executable}: revoke: no grant is known by that reference"


def test_the_page_has_an_example_of_every_request_and_says_the_bounds():
    asked = [each["command"] for each, _ in exchanges()]
    assert set(asked) == set(SCHEMA["properties"])
    assert {each for each in vars(authority.AuthorityAdapter) if not each.startswith("_")} - {"open", "close"} == set(asked)
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert page.count(f"An answer must come within {DEFAULT_PATIENCE.answer:g} s; a line has 1 MiB at most") == 1
    assert page.count(f"the program has {DEFAULT_PATIENCE.end:g} s to end") == 1
    assert line_program.LONGEST_LINE == 1 << 20
    assert all(f"`{name}`" in page for name in (*OPTIONAL, *ReportKind))


def valid(command: str, arguments: object, result: object) -> bool:
    return jsonschema.Draft202012Validator(SCHEMA).is_valid({command: {"arguments": arguments, "result": result}})


def readable(command: str, result: object) -> bool:
    try:
        json_lines.result(command, result, OF_AN_AUTHORITY)
    except json_lines.Garbage:
        return False
    return True


def test_the_examples_are_as_the_schema_has_them():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for asked, told in exchanges():
        result = told.get("result", {"revoke": {"accepted": True}, "mint": "0123"}.get(asked["command"]))  # an error has none
        assert valid(asked["command"], asked["arguments"], result), asked
        assert not valid(asked["command"], {**asked["arguments"], "more": 1}, result)


def test_reader_and_schema_agree_about_what_is_no_result():
    """Every example with something left out, added, or of another kind."""
    tried = 0
    for asked, told in exchanges():
        if "result" not in told:
            continue
        command, arguments, result = asked["command"], asked["arguments"], told["result"]
        for other in [*_spoiled(result), 7, "text", [], {}, {"accepted": 1}, None, [None], True]:
            tried += 1
            assert valid(command, arguments, other) == readable(command, other), (command, other)
    assert tried > 300


def _spoiled(result: object):
    if isinstance(result, list):
        for place, each in enumerate(result):
            yield from ([*result[:place], other, *result[place + 1 :]] for other in _spoiled(each))
    if isinstance(result, dict):
        yield {**result, "more": 1}
        for name, value in result.items():
            yield {other: kept for other, kept in result.items() if other != name}
            yield from ({**result, name: other} for other in [*_spoiled(value), None, 1.5, "", "xyz", [], {"a": 1}, -1])


def test_a_whole_run_keeps_to_the_schema(monkeypatch):
    validator = jsonschema.Draft202012Validator(SCHEMA)
    seen: set[str] = set()
    asked_for = line_program.LineProgram.ask

    def ask(self, command, arguments, within_s):
        result = asked_for(self, command, arguments, within_s)
        told = {"arguments": json_lines.plain(dict(arguments)), "result": json_lines.plain(result)}
        validator.validate({command: told})
        seen.add(command)
        return result

    monkeypatch.setattr(line_program.LineProgram, "ask", ask)
    (target,) = with_authority(f"program:{service()}", ())
    assert run(target, written(), rehearse=False).exit_code == 0
    assert seen == set(SCHEMA["properties"]) - {"mint"}


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("dies", "it had ended (exit status 3)   (its protocol: AUTHORITIES.md)"),
        (
            "complains",
            "it had ended (exit status 1); on its standard error: the database is gone   (its protocol: AUTHORITIES.md)",
        ),
        ("prints", "it answered 'hello, I am an authority': it is no JSON   (its protocol: AUTHORITIES.md)"),
        ("floods", "it printed 1048576 bytes without a line end   (its protocol: AUTHORITIES.md)"),
        ("hangs", "it gave no answer within 1.5 s, and was ended   (its protocol: AUTHORITIES.md)"),
        ("closes", "it closed its standard output   (its protocol: AUTHORITIES.md)"),
    ],
)
def test_a_program_that_goes_wrong_is_one_clear_error_and_stays_one(how, told):
    with open_program(service(how), HURRIED) as asked:
        asked.hello()
        asked.reset()
        for _ in range(2):
            with pytest.raises(AdapterFault) as fault:
                asked.report()
            assert str(fault.value) == f"authority {sys.executable}: asked for report, {told}"
        process = asked.way.program.process._process
    assert process.returncode is not None


def test_one_that_echoes_is_told_what_it_did():
    with open_program(service("echoes", "1"), HURRIED) as asked, pytest.raises(AdapterFault) as fault:
        asked.hello()
    assert "an answer has an id and either a result or an error, and this has id, command, arguments" in str(fault.value)


GRANT = {"by": "a", "box_id": BOX, "email": "r@example.org", "role": Role.REALTOR, "start": 1, "end": 2, "now": 0}


@pytest.mark.parametrize(
    ("command", "result", "told"),
    [
        ("grant_connect", {}, "an answer has no accepted"),
        ("grant_connect", {"accepted": 1}, "accepted is true or false, and this is 1"),
        ("grant_connect", {"accepted": True}, "it is accepted, and has no reference"),
        (
            "grant_connect",
            {"accepted": True, "reference": "0011"},
            "reference is the grant's id as it stands in tickets, 16 bytes",
        ),
        ("grant_connect", {"accepted": True, "reference": "00" * 16, "clauses": ["code.day"]}, "what is accepted has no clauses"),
        ("grant_connect", {"accepted": False, "clauses": "code.day"}, "clauses is a JSON array, and this is 'code.day'"),
        ("grant_connect", {"accepted": False, "why": "no"}, "an answer has no field why; leave it out"),
        ("grant_connect", None, "an answer is a JSON object, and this is None"),
        ("issue_ticket", {"accepted": True}, "it is accepted, and has no message"),
        ("issue_ticket", {"accepted": True, "message": "xy"}, "message is bytes as hexadecimal digits, and this is 'xy'"),
        ("generate_code", {"accepted": True, "reference": "c", "digits": "1"}, "it is accepted, and has no code"),
        ("generate_code", {"accepted": True, "reference": "c", "digits": "12a"}, "digits is a text of digits, and this is '12a'"),
        ("report", {}, "this is a JSON array, and this is {}"),
        ("report", [{"occurred": 1}], "a line of the report has no received"),
        ("alerts", [{"kind": "smoke"}], "kind is 'smoke', none of gap in the log, use of a code never issued"),
        ("hello", {"name": " ", "version": "1", "classes": [], "gives_reasons": True}, "name is empty"),
        ("hello", {"name": "x", "version": "1", "classes": ["core"], "gives_reasons": True}, "it has no mint"),
        (
            "hello",
            {"name": "x", "version": "1", "classes": ["best"], "gives_reasons": True},
            "each of classes is 'best', none of",
        ),
        ("hello", {"name": "x", "version": "1", "classes": ["interop"], "gives_reasons": True, "requests": ["fly"]}, "is 'fly'"),
        ("reset", {}, "this command has no result; write null"),
        ("which", {"recommendation": "key"}, "recommendation is 'key', none of connect, code, neither"),
    ],
)
def test_a_result_that_is_none_is_told(command, result, told):
    with pytest.raises(json_lines.Garbage) as garbage:
        json_lines.result(command, result, OF_AN_AUTHORITY)
    assert told in str(garbage.value)
    assert not valid(command, {}, result)
    line = json.dumps({"id": 1, "result": result})
    with open_program(printing(line), HURRIED) as asked, pytest.raises(AdapterFault) as fault:
        asked.ask(command)
    assert told in str(fault.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["accepted", "reference", "kind", "clauses", "code", "grant"]), inner, max_size=4)
        ),
    )
)
def test_whatever_comes_is_a_result_or_garbage(result):
    for command in (*OF_AN_AUTHORITY, "reset"):
        try:
            json_lines.result(command, copy.deepcopy(result), OF_AN_AUTHORITY)
        except json_lines.Garbage:
            continue


def test_standard_error_reaches_whoever_listens():
    heard: list[tuple[str, bytes]] = []
    with open_program(service("complains"), HURRIED, lambda direction, said: heard.append((direction, said))) as asked:
        asked.hello()
        asked.reset()
        with pytest.raises(AdapterFault):
            asked.report()
    assert heard == [("stderr", b"the database is gone\n")]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_whatever_a_program_has_started_ends_with_it():
    heard: list[bytes] = []
    with open_program(service("clings"), HURRIED, lambda _, said: heard.append(said)) as asked:
        asked.hello()
        asked.reset()
        with pytest.raises(AdapterFault, match="gave no answer"):
            asked.report()
    (child,) = [int(word) for word in b"".join(heard).split() if word.isdigit()]
    assert gone(child)


def gone(process: int) -> bool:
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("command_line", "message"),
    [
        ("", "program: name a program after the colon, such as program:'./my-service --test'"),
        ("./it 'a", "program:./it 'a: can't be split into words: No closing quotation; close what is quoted"),
    ],
)
def test_a_command_line_that_is_none(command_line, message):
    with pytest.raises(BadInput) as error:
        open_program(command_line)
    assert str(error.value) == message


def test_a_program_that_is_not_there():
    with pytest.raises(BenchError) as error:
        open_program("/no/such/service")
    assert str(error.value) == (
        "authority /no/such/service: can't be started: No such file or directory; name a program that is there and may be run"
    )


class InPython:
    """As the adapter of a vendor, with whatever it is to answer."""

    def __init__(self, answers: object) -> None:
        self.answers = answers

    def report(self) -> object:
        if isinstance(self.answers, BaseException):
            raise self.answers
        return self.answers

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("answers", "kind", "told"),
    [
        (None, AdapterFault, "the service: the answer to report is none: this is a JSON array, and this is None; it was None"),
        (
            [{"occurred": 1}],
            AdapterFault,
            "the service: the answer to report is none: a line of the report has no received; it was [",
        ),
        (ZeroDivisionError("by zero"), AdapterFault, "the service: the adapter failed at report: ZeroDivisionError: by zero"),
        (NoAnswer("no answer came"), AuthorityError, "the service: no answer came"),
        (Declined("unsupported", "it declines reports"), AuthorityError, "the service: it declines reports"),
        (Declined("tired", "it declines reports"), AdapterFault, "the service: report was declined as 'tired', which is none of"),
        (BenchError("the database is gone"), BenchError, "the database is gone"),
    ],
)
def test_in_python_what_is_no_answer_is_told_and_is_never_that_of_a_box(answers, kind, told):
    asked = authority.GuardedAuthority(authority.AskedInPython(InPython(answers), "the service"), "the service")
    with pytest.raises(BenchError) as error:
        asked.report()
    assert str(error.value).startswith(told)
    assert type(error.value) is kind
    assert not isinstance(error.value, NoAnswer | Declined)


def test_a_request_that_an_adapter_does_not_have_is_declined():
    asked = authority.GuardedAuthority(authority.AskedInPython(InPython(()), "the service"), "the service")
    with pytest.raises(AuthorityError) as error:
        asked.notifications()
    assert error.value.why == "unknown-command"


def test_an_error_of_the_authority_is_an_error_of_the_scenario_and_not_a_lost_answer_of_the_box(tmp_path):
    """One that hangs at a decision is given up, the run ends, and what was shown before stays shown."""
    (target,) = with_authority(f"program:{service('dies', '60')}", ())
    result = run(target, written(), tmp_path, rehearse=False)
    assert result.exit_code == 3
    assert "it had ended (exit status 3)" in result.error
    first, *others = [each for each in result.scenarios if each.verdict == "error"]
    assert "it had ended (exit status 3)" in first.message
    assert all(each.message.startswith("not played: ") for each in others)
    assert not [each for each in result.scenarios if each.finding]
    with opened_authority("reference") as judged:
        assert judged.gone() == ""
