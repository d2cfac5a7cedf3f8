"""The operator gives a registrar's pages their look."""

from pathlib import Path

from tests.whoisproxy.cli.conftest import Run


def test_a_look_is_set_shown_and_removed(run: Run, tmp_path: Path) -> None:
    run("registrar", "add", "Example", "--url", "https://registrar.example")
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>')

    done = run(
        "appearance", "set", "Example", "--name", "Example Domains", "--host", "privacy.registrar.example",
        "--accent", "#0a4f8f", "--logo", str(logo),
    )  # fmt: skip
    assert (done.code, done.out.strip()) == (0, "http://privacy.registrar.example")
    shown = run("appearance", "show", "Example").json()
    assert (shown["name"], shown["accent"], shown["logo_type"]) == (
        "Example Domains",
        "#0a4f8f",
        "image/svg+xml",
    )
    assert run("appearance", "remove", "Example").code == 0
    assert run("appearance", "show", "Example").code != 0


def test_what_cannot_be_shown_is_refused_with_its_reason(run: Run, tmp_path: Path) -> None:
    run("registrar", "add", "Example", "--url", "https://registrar.example")
    pale = run("appearance", "set", "Example", "--name", "Example", "--accent", "#ffee00")
    assert pale.code == 2
    assert "accent: must stand out from #ffffff by 4.5:1" in pale.err

    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    scripted = run("appearance", "set", "Example", "--name", "Example", "--logo", str(logo))
    assert "logo: has an attribute that a logo may not have: onload" in scripted.err
    missing = run("appearance", "set", "Example", "--name", "Example", "--logo", str(tmp_path / "none.svg"))
    assert missing.code != 0
    assert "Traceback" not in missing.err
