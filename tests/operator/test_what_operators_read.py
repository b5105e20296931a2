"""Dashboard, alerts and runbook name only what there is: metrics, states, headings, commands."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import api.measures
from cli.main import app
from domain.machine import MACHINES
from runtime.measures import REGISTRY

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "operator"
BOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text())
ALERTS = (FOLDER / "alerts.yml").read_text()
RUNBOOK = (FOLDER / "runbook.md").read_text()
OWN_OF_PROMETHEUS = {"up"}
WORD = re.compile(r"[a-z_:][a-z0-9_:]*")
# The whole grammar of the file: what is not one of these lines is no rule as we write them.
RULE = re.compile(
    r"""\ {6}-\ alert:\ (?P<name>[A-Z][A-Za-z]+)\n
        \ {8}expr:\ (?P<expr>[^\n#]+)\n
        \ {8}for:\ \d+m\n
        \ {8}labels:\n
        \ {10}severity:\ (?:page|ticket)\n
        \ {8}annotations:\n
        \ {10}summary:\ [A-Z][^\n:#]+\.\n
        \ {10}runbook:\ (?P<page>[a-z/.-]+)\#(?P<heading>[a-z]+)\n""",
    re.VERBOSE,
)
HEAD = re.compile(r"\A(?:# [^\n]+\n)*groups:\n  - name: quittance\n    rules:\n")


def measured() -> dict[str, set[str]]:
    """Every series a process can show, with its labels."""
    assert api.measures.REQUESTS in REGISTRY._collector_to_names  # so what the API alone measures is there too
    found: dict[str, set[str]] = {}
    for measure in set(REGISTRY._collector_to_names):
        name, labels, kind = measure._name, set(measure._labelnames), measure._type  # type: ignore[attr-defined]  # of whatever kind
        endings = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}[kind]
        found |= {f"{name}{ending}": labels | ({"le"} if ending == "_bucket" else set()) for ending in endings}
    return found


def wrong_names(expression: str) -> list[str]:
    """What an expression reads and nobody measures: series, labels of them, machines and their states."""
    known, found = measured(), []
    bare = re.sub(r'"[^"]*"', "", re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", expression))
    asked = [word for word in WORD.findall(bare) if word.startswith("quittance_") or word == "up"]
    labels = set().union(*(known.get(name, set()) for name in asked), {"job"} if "up" in asked else set())
    found += [name for name in asked if name not in known and name not in OWN_OF_PROMETHEUS]
    named = re.findall(r"([a-z_]+)=~?\"", expression)
    named += re.split(r",\s*", ", ".join(re.findall(r"by \(([^)]*)\)", expression))) if " by (" in expression else []
    found += [label for label in named if label not in labels]
    for machine, states in re.findall(r'machine="([a-z_]+)"(?:,to=~?"([a-z_|]+)")?', expression):
        there = {to for _, to in MACHINES[machine].moves.items()} if machine in MACHINES else set()
        found += [f"{machine}.{state}" for state in states.split("|") if state and state not in there]
        found += [] if machine in MACHINES else [machine]
    return found


def rules() -> list[re.Match[str]]:
    """All rules; the file holds nothing beside them."""
    head = HEAD.match(ALERTS)
    assert head
    found, at = [], head.end()
    while at < len(ALERTS):
        rule = RULE.match(ALERTS, at)
        assert rule, ALERTS[at : at + 200]
        found.append(rule)
        at = rule.end()
    return found


@pytest.mark.row("M3")
def test_every_panel_and_every_rule_reads_what_is_measured() -> None:
    asked = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    assert len(asked) >= len(BOARD["panels"]) > 15
    asked += [rule["expr"] for rule in rules()]
    assert {each: wrong for each in asked if (wrong := wrong_names(each))} == {}
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


@pytest.mark.row("M3")
def test_what_an_operator_is_to_see_is_on_the_dashboard() -> None:
    drawn = " ".join(target["expr"] for panel in BOARD["panels"] for target in panel["targets"])
    missing = [name for name in measured() if name.removesuffix("_bucket") == name and name not in drawn]
    series = {re.sub(r"_(total|sum|count)$", "", name) for name in missing}
    # Whether the primary told what waits is an alert; it draws nothing.
    assert {name for name in series if name not in drawn} == {"quittance_backlog_known"}


@pytest.mark.parametrize(
    "wrong", ["quittance_nothing", 'quittance_moves_total{who="x"}', 'quittance_moves_total{machine="payment",to="x"}']
)
def test_a_name_that_nobody_measures_is_found(wrong: str) -> None:
    assert wrong_names(f"sum(rate({wrong}[5m]))")


def test_each_alert_has_its_heading_in_the_runbook_and_no_heading_is_left_over() -> None:
    headings = re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)
    assert [rule["name"] for rule in rules()] == headings
    for rule in rules():
        assert (rule["page"], rule["heading"]) == ("docs/operator/runbook.md", rule["name"].lower())
    for name, said in re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", RUNBOOK, re.MULTILINE):
        assert len(said.split()) > 10, f"nothing to do is said under {name}"


@pytest.mark.row("M3")
@pytest.mark.parametrize(
    "series",
    ["replica_lag_seconds", "history_reads_total", "due_work_age_seconds", "queue_jobs", "queue_age_seconds",
     "outbox_age_seconds", "key_lookups_failed_total", "key_wait_seconds_bucket", "dead_letters", "inbox_age_seconds",
     "deprecated_uses_total", "event_look_age_seconds"],
)  # fmt: skip
def test_what_nobody_may_miss_is_watched_by_an_alert(series: str) -> None:
    assert any(re.search(rf"\bquittance_{series}\b", rule["expr"]) for rule in rules())


@pytest.mark.row("M3")
@pytest.mark.parametrize("machine", ["payment", "dunning"])
def test_the_outcomes_of_money_are_watched_by_an_alert(machine: str) -> None:
    assert any(f'quittance_moves_total{{machine="{machine}"' in rule["expr"] for rule in rules())


def commands() -> list[tuple[str, str]]:
    """Each line that starts with `quittance` in what operators read, with the page it stands on."""
    pages = [FOLDER / "runbook.md", DOCS / "guides" / "operator.md"]
    texts = [(page.name, page.read_text()) for page in pages if page.exists()]
    return [(name, line) for name, text in texts for line in re.findall(r"^    (quittance .+)$", text, re.MULTILINE)]


@pytest.mark.usefixtures("process_settings")
def test_every_command_in_what_operators_read_exists_with_its_options() -> None:
    # some commands look for their servers before they tell of themselves
    assert len(commands()) > 3
    for page, line in sorted(set(commands())):
        words = line.split()[1:]
        command = [word for word in words if re.fullmatch(r"[a-z][a-z-]+", word)]
        if "--phase" in words:
            command = command[:1]  # the other word is its value
        told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
        assert told.exit_code == 0, (page, line, told.output)
        assert [word for word in words if word.startswith("--") and word not in told.output] == [], (page, line)
