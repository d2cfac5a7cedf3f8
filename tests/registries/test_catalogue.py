"""The catalogue says what it knows, refuses what it cannot read, and fails closed."""

import csv
from pathlib import Path

import pytest

from registries.catalogue import Catalogue, CatalogueError
from registries.policy import Confidence, Mechanism, Reason

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


def test_every_fact_we_were_given_is_a_rule(catalogue: Catalogue) -> None:
    """The mapping of facts to mechanisms, stated once more and independently of the files."""
    if not FACTS.exists():
        pytest.skip("the table of facts is not here")
    with FACTS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["tld"] != "*"]
    assert len(rows) > 190
    for row in rows:
        policy = catalogue.policy(row["tld"].encode("idna").decode())
        assert policy.tld == row["tld"].encode("idna").decode()
        assert policy.confidence == row["confidence"]
        assert policy.mechanism == _expected(row), row["tld"]


def _expected(row: dict[str, str]) -> Mechanism:
    if row["confidence"] == "low":
        return Mechanism.NONE
    return {
        "proxy": Mechanism.RDDS_ONLY if row["thick_thin"] == "thin" else Mechanism.SUBSTITUTE,
        "alias_email": Mechanism.RELAY_EMAIL,
        "registry_flag": Mechanism.REGISTRY_FLAG,
        "none": Mechanism.NONE,
    }[row["recommended_mode"]]


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
