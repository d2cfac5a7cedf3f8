"""Values that storage tests keep; whatever must be secret carries the canary."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailrelay.directory import Opening
from registries.callback.task import Task, TaskState
from registries.contact import Role
from registries.lookup.verdict import Doubt, Finding, Verdict
from registries.policy import Mechanism
from tests.support.samples import BRAND
from whoisproxy.domain.account import ApiKey, Registrar, Scope
from whoisproxy.domain.contact_form import CONFIRM_WITHIN, Kind, Submission, Way
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation, OperationKind, OperationState
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayAddress, RelayState
from whoisproxy.services.identities import registrant_contact
from whoisproxy.storage.repositories.replies import Wish
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
CANARY = "Quetzalcoatl"

REGISTRAR = Registrar("rar_1", "Acme", "https://acme.example", 1234, BRAND, NOW)
KEY = ApiKey("key_1", REGISTRAR.id, frozenset({Scope.DOMAINS_READ}), ("192.0.2.0/24",), NOW, None)
PERSON = Registrant(
    name=f"Ann {CANARY}-Name",
    organization=f"{CANARY} Org",
    email=f"{CANARY}.Mailbox@home.example",
    phone="+41790001122",
    street=(f"{CANARY} Street 1", f"{CANARY} Floor"),
    city=f"{CANARY} City",
    region=f"{CANARY} Region",
    postal_code="QZ-990-QZ",
    country_code="CH",
    language="de",
)
SECRETS = (CANARY, "+41790001122", "QZ-990-QZ")


def submission(domain: str = "name1.com", mailbox: str = "ada@offers.example") -> Submission:
    """Return what a stranger has written on the public form."""
    return Submission(
        new_id("frm", NOW), Way.WORKED, domain, Kind.BUY, "de", NOW, NOW + CONFIRM_WITHIN, mailbox, CANARY
    )


def registration(number: int = 1, registrant: Registrant = PERSON) -> Registration:
    """Return the registration of `nameN.example`-like names, each with a registrant of its own."""
    return Registration(
        id=f"dom_{number}",
        registrar_id=REGISTRAR.id,
        name=DomainName(f"name{number}.com"),
        registrant_id=f"own_{number}",
        registrant=registrant,
        registrant_verified=True,
        nameservers=("ns1.example.net", "ns2.example.net"),
        statuses=("ok",),
        registered_at=NOW,
        expires_at=None,
        updated_at=NOW,
        version=1,
    )


def relay(number: int = 1, domain_id: str = "dom_1") -> RelayAddress:
    """Return an active relay address."""
    return RelayAddress(
        f"rel_{number}",
        domain_id,
        Role.REGISTRANT,
        f"relay{number}",
        "relay.example",
        RelayState.ACTIVE,
        None,
        NOW,
    )


STRANGER = f"{CANARY}-Stranger@Far.example"


async def made_reply(unit: UnitOfWork, correspondent: str = STRANGER, thread: str = "<1@far.example>") -> str:
    """Return the local part of a reply address of the relay address number 1."""
    [local_part] = await unit.replies.ensure(
        [Wish("rel_1", Opening(correspondent, f"{CANARY} the Stranger", f"{CANARY}?", thread))],
        "relay.example",
        NOW,
    )
    assert local_part is not None
    return local_part


def operation(number: int = 1, state: OperationState = OperationState.PENDING) -> Operation:
    """Return an operation of the domain number 1."""
    return replace(
        Operation(
            f"opn_{number}",
            REGISTRAR.id,
            "dom_1",
            "name1.com",
            OperationKind.ENABLE,
            state,
            0,
            (),
            "",
            "",
            NOW,
            NOW,
        ),
        commands=("contact:create", "domain:update"),
    )


def task(number: int = 1, state: TaskState = TaskState.OPEN) -> Task:
    """Return a task of the operation of the same number, with the person's own contact."""
    return Task(
        id=f"tsk_{number}",
        registrar_id=REGISTRAR.id,
        domain_id="dom_1",
        domain="name1.com",
        operation_id=f"opn_{number}",
        mechanism=Mechanism.RELAY_EMAIL,
        hide=True,
        contacts={Role.REGISTRANT: registrant_contact(PERSON)},
        state=state,
        reason="",
        finding=Finding(Verdict.UNKNOWN, ("email",), ("rdap",), Doubt.NO_ANSWER),
        reminded=False,
        answered_at=None,
        looks=1,
        deadline=NOW + HOUR,
        due_at=NOW + number * timedelta(minutes=1),
        created_at=NOW,
        updated_at=NOW,
    )


async def hold_domain(storage: Storage, number: int = 1) -> None:
    """Keep the registrar, if need be, and a registration."""
    async with storage.unit_of_work() as unit:
        if await unit.registrars.get(REGISTRAR.id) is None:
            await unit.registrars.add(REGISTRAR)
        await unit.registrations.add(registration(number))
