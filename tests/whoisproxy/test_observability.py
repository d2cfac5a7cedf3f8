"""Logs name events and places; what was said stays out of them."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from whoisproxy.observability import configure_logging


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """Give the other tests their logging back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    [line] = capsys.readouterr().err.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def fail(error: Exception) -> None:
    raise error


def test_an_exception_is_named_by_type_and_place_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    try:
        fail(ValueError("ann@home.example is no number"))
    except ValueError:
        structlog.get_logger().exception("something-failed", item_id="x1")
    event = logged(capsys)
    assert (event["event"], event["error"], event["item_id"]) == ("something-failed", "ValueError", "x1")
    assert str(event["at"]).startswith("['test_observability.py:")
    assert "home.example" not in str(event)


def test_a_librarys_warning_is_passed_on_without_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    try:
        fail(OSError("ann@home.example"))
    except OSError:
        logging.getLogger("some.library").warning("RCPT TO:<%s>", "ann@home.example", exc_info=True)
    event = logged(capsys)
    assert (event["event"], event["library"], event["error"]) == (
        "library-warning",
        "some.library",
        "OSError",
    )
    assert "home.example" not in str(event)


def test_what_libraries_say_below_a_warning_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("debug", "json")
    logging.getLogger("aiohttp.access").info("GET /domain/ann.example")
    logging.getLogger("mail.log").warning("RCPT TO:<ann@home.example>")
    assert capsys.readouterr().err == ""


def test_events_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("error", "json")
    structlog.get_logger().warning("too-mild")
    assert capsys.readouterr().err == ""


def test_the_console_format_hides_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "console")
    try:
        fail(ValueError("ann@home.example"))
    except ValueError:
        structlog.get_logger().exception("something-failed")
    written = capsys.readouterr().err
    assert "something-failed" in written
    assert "ValueError" in written
    assert "home.example" not in written
