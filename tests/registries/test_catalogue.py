"""The catalogue says what it knows, refuses what it cannot read, and fails closed."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registries.catalogue import Catalogue, CatalogueError
from registries.policy import (
    Confidence,
    ContactModel,
    Mechanism,
    Profile,
    Reason,
    SessionLimits,
    Shown,
)

GOOD = """
[[policy]]
tlds = ["example", "co.example"]
operator = "Example Registry"
mechanism = "substitute"
explanation = "A proxy may hold the domain."
source = "https://registry.example/rules"
source_date = "2026-08-01"
confidence = "high"
holder_change = { kind = "update", lock_days = 60 }
roles = ["registrant", "tech"]
"""


@pytest.mark.parametrize(
    ("suffix", "profile"),
    [
        ("com", Profile.REGISTRAR),
        ("de", Profile.CCTLD),
        ("co.uk", Profile.CCTLD),
        ("xn--p1ai", Profile.CCTLD),
        ("nowhere", Profile.REGISTRAR),
        ("zz", Profile.CCTLD),
    ],
)
def test_a_tld_of_two_letters_is_a_countrys_unless_its_rule_says_otherwise(
    catalogue: Catalogue, suffix: str, profile: Profile
) -> None:
    assert catalogue.policy(suffix).profile is profile


def test_a_registry_says_that_the_directory_is_its_own(tmp_path: Path) -> None:
    rules = tmp_path / "tlds.toml"
    rules.write_text(GOOD + 'profile = "registry"\n')
    assert Catalogue.load(rules).policy("example").profile is Profile.REGISTRY
    rules.write_text(GOOD + 'profile = "both"\n')
    with pytest.raises(CatalogueError, match="profile"):
        Catalogue.load(rules)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.mark.parametrize(
    ("suffix", "mechanism", "reason"),
    [
        ("com", Mechanism.RDDS_ONLY, None),
        ("net", Mechanism.RDDS_ONLY, None),
        ("org", Mechanism.SUBSTITUTE, None),
        ("eu", Mechanism.RELAY_EMAIL, None),
        ("be", Mechanism.RELAY_EMAIL, None),
        ("ca", Mechanism.REGISTRY_FLAG, None),
        ("it", Mechanism.REGISTRY_FLAG, None),
        ("fr", Mechanism.REGISTRY_FLAG, None),
        ("us", Mechanism.NONE, Reason.PROHIBITED),
        ("in", Mechanism.NONE, Reason.PROHIBITED),
        ("nl", Mechanism.NONE, Reason.PROHIBITED),
        ("com.au", Mechanism.NONE, Reason.PROHIBITED),
        ("cn", Mechanism.NONE, Reason.PROHIBITED),
        ("ch", Mechanism.NONE, Reason.ALREADY_REDACTED),
        ("li", Mechanism.NONE, Reason.ALREADY_REDACTED),
        ("br", Mechanism.NONE, Reason.LOCAL_PRESENCE),
        ("es", Mechanism.NONE, Reason.UNSUPPORTED),
        ("org.co", Mechanism.NONE, Reason.UNSUPPORTED),
    ],
)
def test_a_tld_has_the_mechanism_of_its_registrys_rules(
    catalogue: Catalogue, suffix: str, mechanism: Mechanism, reason: Reason | None
) -> None:
    policy = catalogue.policy(suffix)
    assert (policy.mechanism, policy.reason) == (mechanism, reason)


def test_an_unknown_tld_fails_closed_and_says_so(catalogue: Catalogue) -> None:
    policy = catalogue.policy("no-such-tld")
    assert (policy.mechanism, policy.reason, policy.allowed) == (Mechanism.NONE, Reason.UNSUPPORTED, False)
    assert ".no-such-tld" in policy.explanation


@pytest.mark.parametrize(
    ("suffix", "found"),
    [("co.uk", "co.uk"), ("school.co.uk", "co.uk"), ("gov.uk", "uk"), ("CO.UK.", "co.uk"), (".org", "org")],
)
def test_the_longest_suffix_decides(catalogue: Catalogue, suffix: str, found: str) -> None:
    assert catalogue.policy(suffix).tld == found


def test_every_rule_explains_itself(catalogue: Catalogue) -> None:
    for policy in catalogue.all():
        assert policy.explanation[0].isupper()
        assert policy.explanation.endswith(".")
        assert policy.source
        assert policy.operator
        assert (policy.reason is not None) == (policy.mechanism is Mechanism.NONE)
        assert policy.allowed == bool(policy.roles)


def test_rules_come_sorted_and_each_suffix_once(catalogue: Catalogue) -> None:
    suffixes = [policy.tld for policy in catalogue.all()]
    assert suffixes == sorted(set(suffixes))


def test_no_rule_of_low_confidence_is_acted_on(catalogue: Catalogue) -> None:
    unsure = [policy for policy in catalogue.all() if policy.confidence is Confidence.LOW]
    assert unsure
    assert {policy.reason for policy in unsure} == {Reason.UNSUPPORTED}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("cmo", "com"), ("chh", "ch"), ("co.ukk", "co.uk"), ("shop.cmo", "com"), ("xn--p1a", "xn--p1ai")],
)
def test_a_mistyped_tld_is_like_the_one_that_was_meant(catalogue: Catalogue, typed: str, meant: str) -> None:
    assert meant in catalogue.similar(typed)


def test_what_is_like_nothing_is_not_guessed(catalogue: Catalogue) -> None:
    assert catalogue.similar("zzzzzz") == ()


def test_an_operators_file_may_leave_out_what_is_only_told(tmp_path: Path) -> None:
    (tmp_path / "few.toml").write_text(GOOD, encoding="utf-8")
    policy = Catalogue.load(tmp_path / "few.toml").policy("example")
    assert (policy.protocol, policy.contact_model, policy.sessions) == ("EPP", "maximum", SessionLimits())
    assert (policy.natural_persons, policy.organisations) == ((Shown.UNKNOWN,),) * 2
    assert policy.file == "few.toml"
    thin = GOOD.replace('"substitute"', '"rdds_only"')
    (tmp_path / "thin.toml").write_text(thin, encoding="utf-8")
    assert Catalogue.load(tmp_path / "thin.toml").policy("example").contact_model is ContactModel.MINIMUM


def test_an_override_replaces_single_rules_and_the_last_one_wins(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "a.toml").write_text(GOOD, encoding="utf-8")
    last = tmp_path / "last.toml"
    last.write_text(GOOD.replace('["example", "co.example"]', '["org"]'), encoding="utf-8")
    catalogue = Catalogue.load(folder, last)
    assert catalogue.policy("co.example").operator == "Example Registry"
    assert catalogue.policy("org").operator == "Example Registry"
    assert catalogue.policy("com").mechanism is Mechanism.RDDS_ONLY


@pytest.mark.parametrize(
    ("old", "new", "key", "complaint"),
    [
        ("operator =", "operater =", "operator", "is missing"),
        ("roles = [", "colour = 1\nroles = [", "colour", "not a known key"),
        ('"substitute"', '"magic"', "mechanism", "'magic' is not one of substitute"),
        ('"high"', '"sure"', "confidence", "'sure' is not one of"),
        ('"high"', '"low"', "confidence", "only with mechanism none"),
        ('"2026-08-01"', '"1 August"', "source_date", "ISO date"),
        ('"Example Registry"', '" "', "operator", "not empty"),
        ("lock_days = 60", "lock_days = -1", "holder_change", "lock_days"),
        ("lock_days = 60", "lock_days = true", "holder_change", "lock_days"),
        ('kind = "update"', 'kind = "wish"', "holder_change", "'wish' is not one of"),
        (", lock_days = 60", "", "holder_change", "exactly kind and lock_days"),
        ("lock_days = 60", 'lock_days = 60, note = ""', "holder_change", "not empty"),
        ("lock_days = 60", "lock_days = 60, fee = 1", "holder_change", "exactly kind and lock_days"),
        ('kind = "update"', "kind = [1]", "holder_change", "[1] is not one of"),
        ("roles = [", 'contact_model = "thick"\nroles = [', "contact_model", "'thick' is not one of maximum"),
        ("roles = [", 'contact_model = "minimum"\nroles = [', "contact_model", "no contact to change"),
        ("roles = [", 'proxies = "prohibited"\nroles = [', "proxies", "forbids the mechanism substitute"),
        ("roles = [", "natural_persons = []\nroles = [", "natural_persons", "must name what is shown"),
        ("roles = [", 'natural_persons = ["hat"]\nroles = [', "natural_persons", "'hat' is not one of name"),
        (
            "roles = [",
            'organisations = ["name", "nothing"]\nroles = [',
            "organisations",
            "only name, address, phone, email, id_number go together",
        ),
        ("roles = [", 'extension = "a b"\nroles = [', "extension", "name of a schema"),
        ("roles = [", "presence = 7\nroles = [", "presence", "not empty"),
        ("roles = [", "sessions = { granted = 0 }\nroles = [", "sessions", "granted must be a whole number"),
        ("roles = [", "sessions = { wishes = 3 }\nroles = [", "sessions", "table of granted, most"),
        ("roles = [", "sessions = { granted = 9, most = 1 }\nroles = [", "sessions", "not be more than most"),
        ('["example", "co.example"]', '["xn--a"]', "tlds", "not a lower-case A-label"),
        ('["registrant", "tech"]', '["owner"]', "roles", "'owner' is not one of"),
        ('["registrant", "tech"]', '["tech", "tech"]', "roles", "twice"),
        ('["registrant", "tech"]', "[]", "roles", "at least one role"),
        ('["example", "co.example"]', '[".example"]', "tlds", "without leading dot"),
        ('["example", "co.example"]', '["Example"]', "tlds", "lower-case"),
        ('["example", "co.example"]', "[]", "tlds", "at least one"),
        ('["example", "co.example"]', '"example"', "tlds", "list of texts"),
        ('["registrant", "tech"]', '["tech"]\nreason = "TLD_PROHIBITED"', "reason", "only with mechanism"),
        ("[[policy]]", "[[policies]]", "policies", "not a known key"),
        ("[[policy]]", "[policy]", "policy", "[[policy]] tables"),
        ("[[policy]]", "[[policy", "file", "is not TOML"),
        ("[[policy]]", f"[[policy]]\nx = {'[' * 5000}", "file", "is not TOML"),
        ("lock_days = 60", f"lock_days = {'9' * 5000}", "file", "is not TOML"),
        ('"substitute"', '"none"', "reason", "is missing"),
    ],
)
def test_a_bad_file_is_refused_naming_file_key_and_reason(
    tmp_path: Path, old: str, new: str, key: str, complaint: str
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(file)
    assert str(file) in str(caught.value)
    assert key in caught.value.key
    assert complaint in caught.value.reason


def test_a_suffix_with_two_rules_in_one_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"example: has a rule already"):
        Catalogue.load(tmp_path)


def test_a_file_that_is_missing_or_binary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        Catalogue.load(tmp_path / "absent.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogueError, match="not TOML in UTF-8"):
        Catalogue.load(tmp_path / "binary.toml")


def test_a_folder_that_must_not_be_read_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "link")
    with pytest.raises(CatalogueError, match="cannot be read"):
        Catalogue.load(tmp_path / "link")


@given(st.text() | st.lists(st.sampled_from([*GOOD.splitlines(), "[policy]", "x = 1", "["])).map("\n".join))
@example("policy = 7")
@example("[[policy]]\nmechanism = 0x" + "f" * 5000)
def test_a_file_of_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_text(text, encoding="utf-8")
    found = _loaded_or_refused(file)
    if isinstance(found, CatalogueError):
        assert str(found).startswith(f"{file}: ")
    else:
        assert found.policy("com").mechanism is Mechanism.RDDS_ONLY


def _loaded_or_refused(file: Path) -> Catalogue | CatalogueError:
    try:
        return Catalogue.load(file)
    except CatalogueError as error:
        return error
