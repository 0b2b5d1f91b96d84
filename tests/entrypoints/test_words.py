"""What an operator mistypes is named, with the option that it is of, before anything is asked."""

import pytest
from click.testing import CliRunner

from entrypoints.cli import main

NAMED = "must be letters, digits, - and _, 64 at the most"
EVERY = (
    "token --role admin --tenant",
    "token --role admin --user",
    "nats-credentials --tenant",
    "nats-credentials --tenant t --user",
    "restore-tenant --tenant t --as",
    "restore-tenant --as t --tenant",
    "erase --subject s --tenant",
    "erase --tenant t --subject",
    "subject --subject s --tenant",
    "subject --tenant t --subject",
    "deadletters list --tenant",
    "purge --tenant",
    "media purge --tenant",
    "report marketplace --tenant",
    "audit log --tenant",
    "audit export out.zip --tenant",
)


def refused(*words):
    answer = CliRunner().invoke(main, list(words))
    assert answer.exit_code == 2
    *_, line = answer.output.splitlines()
    return line


@pytest.mark.parametrize("command", EVERY)
@pytest.mark.parametrize("name", ["bazaar.may", "A B", "*", "", "b/c", "a\x01b", "é", "x" * 65])
def test_what_no_tenant_and_no_person_may_be_called(command, name):
    *words, option = command.split()
    assert refused(*words, option, name) == f"Error: Invalid value for '{option}': {NAMED}"


@pytest.mark.parametrize("reason", ["a b c ;", "", "A", "x" * 41])
def test_a_reason_that_is_no_code(reason):
    line = refused("erase", "--tenant", "t", "--subject", "s", "--reason", reason, "--yes")
    assert line == "Error: Invalid value for '--reason': must be a-z and _, 40 at the most"


@pytest.mark.parametrize("seconds", ["0", "-5", "99999999999999999", "soon"])
def test_a_token_that_would_never_work_or_for_ever(seconds):
    line = refused("token", "--role", "admin", "--ttl", seconds)
    assert line.startswith("Error: Invalid value for '--ttl':")


@pytest.mark.parametrize("workers", ["0", "-3"])
def test_an_api_of_no_worker(workers):
    line = refused("api", "--workers", workers)
    assert line.startswith("Error: Invalid value for '--workers':")
