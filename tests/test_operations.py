"""Every command of docs/operations.md does what the page says, on a root that has lived."""

import json
import re
import shlex
from pathlib import Path

import pytest

from assets.engine.data_root import DataRoot
from assets.engine.settings import Settings
from pipelines.cli.main import cli
from tests.test_cli import spendgate
from tests.test_sealed_files import lose, sealed_file
from tests.test_sealing import LATER, deliver_days, seal_days
from tests.world import ADS, World

PAGE = (Path(__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
COMMANDS = re.findall("^uv run spendgate (.+)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(DataRoot(tmp_path_factory.mktemp("operations") / "data"))
    deliver_days(world)
    world.run(LATER)
    seal_days(world)
    return world


def test_each_command_runs_in_the_order_of_the_page(lived: World, tmp_path: Path) -> None:
    assert len(COMMANDS) == 14
    for command in COMMANDS:
        if command == "acknowledge":
            lived.deliver("refused.jsonl", "[\n]\n")
            lived.deliver_reference("ads", ADS.replace("301,310,d,true,,,,,,\n", ""))
            lived.run(LATER)
        if "--day" in command:
            lose(lived, "transactions")
            lived.run(LATER)
        words = [word.replace("/backup", str(tmp_path)) for word in shlex.split(command)]
        told = spendgate(lived.root, *words)
        if words[0] == "mend-versions":
            assert "there is nothing to mend" in str(told.exception)
        elif words[0] == "recut":
            assert "the history of brand 1 is by America/New_York already" in str(told.exception)
        else:
            assert told.exit_code == 0, (command, told.output, told.exception)
    assert sealed_file(lived, "transactions").exists()


def test_each_setting_of_the_page_exists_and_has_the_value_it_says() -> None:
    settings = vars(Settings())
    named = re.findall(r"`((?:keep|max|ingest)_[a-z_]+|sealed_copy)`(?: \((\d+)\))?", PAGE)
    assert len(named) >= 4
    for name, value in named:
        assert name in settings
        assert not value or float(value) == settings[name], name


DEPLOY = Path(__file__).parent.parent / "docs" / "deploy"


def test_what_the_service_and_the_container_start_are_commands_with_these_options() -> None:
    unit = (DEPLOY / "spendgate.service").read_text(encoding="utf-8")
    [started] = re.findall("^ExecStart=/opt/spendgate/bin/spendgate (.+)$", unit, re.MULTILINE)
    container = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for words in (shlex.split(started), *(json.loads(words)[1:] for words in re.findall(r"CMD (\[.+\])", container))):
        command = cli.commands[words[0]]
        options = {name for option in command.params for name in option.opts}
        assert {word for word in words if word.startswith("--")} <= options
