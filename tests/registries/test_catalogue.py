"""The catalogue says what it knows, refuses what it cannot read, and fails closed."""

import csv
import re
import tomllib
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registries.catalogue import Catalogue, CatalogueError
from registries.policy import (
    Confidence,
    ContactModel,
    Mechanism,
    ProxyPolicy,
    Reason,
    SessionLimits,
    Shown,
    TldPolicy,
)
from registries.tld_table import read_table

SHIPPED = Path(__file__).parents[2] / "registries" / "tld"
FACTS = Path(__file__).parents[3] / "shared" / "data" / "registries.csv"

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


@pytest.fixture(scope="module")
def facts() -> list[dict[str, str]]:
    if not FACTS.exists():
        pytest.skip("the table of facts is not here")
    with FACTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 194
    return rows


def test_every_fact_we_were_given_is_a_rule(catalogue: Catalogue, facts: list[dict[str, str]]) -> None:
    """The mapping of facts to rules, stated once more and independently of the files."""
    for row in facts:
        if row["tld"] == "*":
            continue
        policy = catalogue.policy(row["tld"].encode("idna").decode())
        assert policy.tld == row["tld"].encode("idna").decode()
        assert policy.mechanism == _mechanism(row), row["tld"]
        assert policy.confidence == row["confidence"]
        assert policy.operator == row["registry_operator"].replace(", verify", ", unconfirmed")
        assert policy.source == _in_our_words(row["source"]), row["tld"]
        assert policy.source_date == _newest_year_or_month(row["source"]), row["tld"]
        assert policy.contact_model == ("minimum" if row["thick_thin"] == "thin" else "maximum")
        assert policy.proxies == PROXIES[row["pp_policy"]], row["tld"]
        assert policy.natural_persons == _shown(row["public_shows_natural_person"]), row["tld"]
        assert bool(policy.presence) == (row["local_presence"].partition(" (SIDN")[0] != "none"), row["tld"]
        assert bool(policy.native_mechanism) == (_told(row["native_privacy_mechanism"])), row["tld"]
        assert policy.holder_change.lock_days == _lock_days(row["registrant_change"]), row["tld"]


def test_what_no_row_names_is_refused_with_the_certainty_of_the_facts(
    catalogue: Catalogue, facts: list[dict[str, str]]
) -> None:
    [rest] = [row for row in facts if row["tld"] == "*"]
    policy = catalogue.policy("no-such-tld")
    assert (policy.mechanism, policy.confidence) == (rest["recommended_mode"], rest["confidence"])


PROXIES = {
    "allowed": ProxyPolicy.ALLOWED,
    "allowed_tbc": ProxyPolicy.UNCONFIRMED,
    "registry_flag": ProxyPolicy.REGISTRY_SWITCH,
    "impossible_presence": ProxyPolicy.LOCAL_HOLDER,
    "prohibited": ProxyPolicy.PROHIBITED,
    "pointless": ProxyPolicy.POINTLESS,
    "unknown": ProxyPolicy.UNKNOWN,
}


def _mechanism(row: dict[str, str]) -> Mechanism:
    if row["confidence"] == "low":
        return Mechanism.NONE
    return {
        "proxy": Mechanism.RDDS_ONLY if row["thick_thin"] == "thin" else Mechanism.SUBSTITUTE,
        "alias_email": Mechanism.RELAY_EMAIL,
        "registry_flag": Mechanism.REGISTRY_FLAG,
        "none": Mechanism.NONE,
    }[row["recommended_mode"]]


def _in_our_words(source: str) -> str:
    for theirs, ours in (
        (" ;", ";"),
        ("prohibition from memory, verify", "prohibition general knowledge, not verified"),
        (" + from memory, verify", "; general knowledge, not verified"),
        ("from memory, verify", "general knowledge, not verified"),
        (
            "AWS Route53 docs repo awsdocs/amazon-route53-docs @2c31968 (2023)",
            "AWS Route 53 documentation (awsdocs/amazon-route53-docs at 2c31968, 2023)",
        ),
    ):
        source = source.replace(theirs, ours)
    return source


def _newest_year_or_month(source: str) -> str:
    return max(re.findall(r"\((20\d\d(?:-\d\d)?)\)", source), default="")


def _shown(told: str) -> tuple[str, ...]:
    words = {
        "none": "nothing",
        "full": "everything",
        "registry_flag": "registry_switch",
        "CPF": "id_number",
        "CUIT": "id_number",
    }
    return tuple(words.get(each, each) for each in told.removesuffix("_tbc").split("+"))


def _told(native: str) -> bool:
    return native not in {"none", "none (2023 gateway consultation only)"}


def _lock_days(change: str) -> int:
    # Under .io the lock follows a registration, not a change.
    locks = ("60-day lock unless", "lock 60 days", "ICANN-like lock")
    return 60 if any(lock in change for lock in locks) else 0


@pytest.mark.parametrize(
    ("tld", "limits"),
    [
        ("no", SessionLimits(granted=1, most=9, idle_s=120, commands=1200)),
        ("ee", SessionLimits(granted=4, requests_per_minute=100)),
        ("be", SessionLimits(granted=4)),
        ("co", SessionLimits(granted=100, names_per_check=50)),
        ("dev", SessionLimits(idle_s=3600)),
        ("org", SessionLimits()),
    ],
)
def test_what_a_registry_grants_is_kept_with_its_rule(
    catalogue: Catalogue, tld: str, limits: SessionLimits
) -> None:
    assert catalogue.policy(tld).sessions == limits


@pytest.mark.parametrize(
    ("tld", "extension"),
    [
        ("fr", "frnic-2.0"),
        ("eu", "contact-ext-1.3"),
        ("it", "extcon-1.0"),
        ("ca", "fury-2.1"),
        ("no", "no-ext-contact-1.0"),
        ("lu", "dnslu-1.0"),
        ("cat", "privacy-1.0"),
        ("com", "namestoreExt-1.1"),
        ("org", ""),
    ],
)
def test_the_extension_of_a_registry_is_known(catalogue: Catalogue, tld: str, extension: str) -> None:
    assert catalogue.policy(tld).extension == extension


def test_a_newcomer_finds_the_file_of_a_tld_by_its_name(catalogue: Catalogue) -> None:
    """Files are named by kind, or by the first country domain that is in them."""
    first: dict[str, str] = {}
    for file in SHIPPED.glob("*.toml"):
        table = tomllib.loads(file.read_text(encoding="utf-8"))["policy"][0]
        first[file.name] = table["tlds"][0]
    for name, tld in first.items():
        kind = name.partition("-")[0]
        assert kind in {"gtld", "cc", tld}, name
        assert (kind == "gtld") == (len(tld) > 2), name
    assert {policy.file for policy in catalogue.all()} == set(first)


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


TABLE = tomllib.loads(GOOD)["policy"][0]
KEYS = (*TABLE, "reason", "contact_model", "natural_persons", "proxies", "sessions", "extension", "note")
WORDS = st.sampled_from([*Mechanism, *Reason, *Confidence, *Shown, "update", "granted", "tech", "2026"])
PLAIN = st.one_of(
    WORDS.map(str),
    st.text(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.sampled_from([date(2026, 11, 1), time(9, 30), datetime(2026, 11, 1, tzinfo=UTC)]),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS.map(str), inner, max_size=3),
    max_leaves=5,
)


def _read_or_refused(table: object) -> list[TldPolicy] | CatalogueError:
    try:
        return list(read_table(Path("any.toml"), "policy 1", table))
    except CatalogueError as error:
        return error


@given(VALUES)
def test_whatever_stands_for_a_table_is_refused_and_never_breaks(table: object) -> None:
    assert isinstance(_read_or_refused(table), CatalogueError)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4), st.sets(st.sampled_from(KEYS), max_size=2))
def test_a_table_with_any_values_is_a_sound_rule_or_is_refused(
    other: dict[str, object], left_out: set[str]
) -> None:
    table = {key: value for key, value in {**TABLE, **other}.items() if key not in left_out}
    found = _read_or_refused(table)
    if isinstance(found, CatalogueError):
        assert "any.toml: policy 1: " in str(found)
        return
    for policy in found:
        assert policy.allowed == (policy.reason is None)
        assert policy.roles or not policy.allowed
        assert policy.confidence is not Confidence.LOW or not policy.allowed


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
