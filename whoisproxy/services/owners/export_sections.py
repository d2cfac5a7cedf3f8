"""What an export of an owner's data holds: a table of sections, each a name and what finds its rows.

A part of the service that keeps data about owners adds a line to the table, and nothing else. A row of a
section is a mapping of names to JSON values. What is found is of the account's owner alone, since every
look-up begins with his own domains or his own account.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from whoisproxy.domain.ids import is_older
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayState
from whoisproxy.domain.sender_rules import StoredRule
from whoisproxy.services.owners.mail_log import LogFilter, OwnerMailLog
from whoisproxy.storage.repositories.sender_rules import RuleBook
from whoisproxy.storage.unit_of_work import UnitOfWork

Row = Mapping[str, object]

_AT_ONCE = 500
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Whole:
    """What sections begin with.

    Attributes:
        uow: One snapshot of everything but mail.
        mail: The log of mail, which the queue keeps.
        domains: Of the owner at his registrar, by name.
    """

    uow: UnitOfWork
    mail: OwnerMailLog
    account: OwnerAccount
    domains: Sequence[Registration] = field(repr=False)
    now: datetime

    def batches(self) -> Iterator[dict[str, Registration]]:
        """Return the domains by id, some hundred at once: a statement takes no more."""
        for start in range(0, len(self.domains), _AT_ONCE):
            yield {one.id: one for one in self.domains[start : start + _AT_ONCE]}


Section = Callable[[Whole], Awaitable[list[Row]]]


async def registrants(whole: Whole) -> list[Row]:
    """Return the registrant of each domain, as the registrar has told him."""
    return [
        {
            "domain": each.name.a_label,
            "registrant_id": each.registrant_id,
            **each.registrant.as_dict(),
            "mailbox_verified": each.registrant_verified,
        }
        for each in whole.domains
    ]


async def domains(whole: Whole) -> list[Row]:
    """Return the domains."""
    return [
        {
            "domain": each.name.a_label,
            "unicode_name": each.name.u_label,
            "registry_id": each.registry_id,
            "statuses": list(each.statuses),
            "nameservers": list(each.nameservers),
            "delegation_signed": each.delegation_signed,
            "ds": [asdict(ds) for ds in each.ds],
            "hosts": [asdict(host) for host in each.hosts],
            "registered_at": each.registered_at,
            "expires_at": each.expires_at,
            "updated_at": each.updated_at,
        }
        for each in whole.domains
    ]


async def privacy(whole: Whole) -> list[Row]:
    """Return how each domain's privacy stands, and who has consented to it."""
    rows: list[Row] = []
    for batch in whole.batches():
        for domain_id, found in (await whole.uow.privacy.of_domains(batch)).items():
            consent = found.consent
            rows.append(
                {
                    "domain": batch[domain_id].name.a_label,
                    "state": found.status.state,
                    "wanted": found.status.wanted,
                    "published": found.status.published,
                    "reason": found.reason,
                    "mail_policy": found.mail_policy,
                    "forward_to": found.forward_to,
                    "consent_by": consent.by if consent else "",
                    "consent_at": consent.at if consent else None,
                    "consent_text_version": consent.text_version if consent else "",
                    "updated_at": found.updated_at,
                }
            )
    return sorted(rows, key=lambda row: str(row["domain"]))


async def consents(whole: Whole) -> list[Row]:
    """Return what the owner has agreed to, and to which words."""
    rows: list[Row] = []
    for batch in whole.batches():
        for domain_id, given in (await whole.uow.consents.of_domains(batch)).items():
            rows += [
                {
                    "domain": batch[domain_id].name.a_label,
                    "to": each.consent.to,
                    "by": each.consent.by,
                    "told_by": each.actor,
                    "at": each.consent.at,
                    "text_version": each.consent.text_version,
                    "language": each.consent.language,
                    "proofs": list(each.consent.proofs),
                }
                for each in given
            ]
    return rows


async def privacy_history(whole: Whole) -> list[Row]:
    """Return what was done at registries for the privacy of each domain while it was the owner's."""
    rows: list[Row] = []
    for batch in whole.batches():
        rows += [
            {
                "domain": each.domain,
                "operation_id": each.id,
                "kind": each.kind,
                "state": each.state,
                "commands": list(each.commands),
                "problem_code": each.problem_code,
                "begun_at": each.created_at,
                "updated_at": each.updated_at,
            }
            for each in await whole.uow.operations.of_domains(batch)
            # What was done for the holder before is not his.
            if not is_older(each.id, batch[each.domain_id].registrant_id)
        ]
    return rows


async def mail_settings(whole: Whole) -> list[Row]:
    """Return what the owner wishes for the mail of each domain."""
    rows: list[Row] = []
    for batch in whole.batches():
        owners = {each.id: each.registrant_id for each in batch.values()}
        found = await whole.uow.correspondence.settings_of(owners)
        rows += [{"domain": batch[each].name.a_label, **found[each].as_dict()} for each in batch]
    return rows


async def relay_addresses(whole: Whole) -> list[Row]:
    """Return the addresses that were published for each domain while it was the owner's."""
    rows: list[Row] = []
    for batch in whole.batches():
        for domain_id, relays in (await whole.uow.relays.of_domains(batch)).items():
            rows += [
                {
                    "domain": batch[domain_id].name.a_label,
                    "role": each.role,
                    "address": each.address,
                    "state": each.state,
                    "created_at": each.created_at,
                    "grace_until": each.grace_until,
                }
                for each in relays
                if each.state is not RelayState.RETIRED
                or not is_older(each.id, batch[domain_id].registrant_id)
            ]
    return rows


async def mailboxes(whole: Whole) -> list[Row]:
    """Return the mailboxes that the owner has named for his mail."""
    return [
        {"mailbox": each.mailbox, "added_at": each.added_at, "confirmed_at": each.verified_at}
        for each in await whole.uow.owner_mailboxes.of_account(whole.account.id)
    ]


async def mail(whole: Whole) -> list[Row]:
    """Return what came for the owner and what he wrote, and what became of it; what it said is not kept."""
    rows: list[Row] = []
    before = ""
    while True:
        page = await whole.mail.page(whole.account, LogFilter(), before, _AT_ONCE)
        rows += [
            {
                "message_id": each.id,
                "domain": each.domain,
                "direction": "answer" if each.is_answer else "mail",
                "other": each.other,
                "subject": each.subject,
                "received_at": each.record.received_at,
                "fate": each.fate,
            }
            for each in page.entries
        ]
        if not (before := page.older):
            return rows


async def correspondents(whole: Whole) -> list[Row]:
    """Return who has written to each domain, and the address by which he is answered."""
    rows: list[Row] = []
    for batch in whole.batches():
        rows += [
            {
                "domain": batch[each.domain_id].name.a_label,
                "correspondent": each.opening.correspondent,
                "name": each.opening.display,
                "subject": each.opening.subject,
                "reply_address": each.address,
                "created_at": each.created_at,
                "expires_at": each.expires_at,
                "revoked_at": each.revoked_at,
            }
            for each in await whole.uow.replies.of_domains(batch)
        ]
    return rows


async def sender_rules(whole: Whole) -> list[Row]:
    """Return whose mail the owner allows and blocks, for all of his domains and for each."""
    rows: list[Row] = []
    if whole.domains:
        for_all = await whole.uow.sender_rules.page(RuleBook.of_owner(whole.domains[0]), "", _ALL)
        rows += [_rule("", each) for each in for_all]
    for batch in whole.batches():
        for domain_id, rule in await whole.uow.sender_rules.of_domains(batch.values()):
            rows.append(_rule(batch[domain_id].name.a_label, rule))
    return rows


def _rule(domain: str, rule: StoredRule) -> Row:
    return {
        "domain": domain,
        "rule_id": rule.id,
        "sender": rule.sender,
        "action": rule.action,
        "created_at": rule.created_at,
    }


async def account(whole: Whole) -> list[Row]:
    """Return the owner's account: what he wishes, and what he signs in with, without the secrets of it."""
    methods, profile = whole.account.methods, whole.account.profile
    return [
        {
            "account_id": whole.account.id,
            "created_at": whole.account.created_at,
            "language": profile.language,
            "second_step_wanted": profile.two_step,
            "has_password": bool(methods.password_hash),
            "has_codes_of_an_app": bool(methods.totp_secret),
            "recovery_codes_left": await whole.uow.owner_accounts.recovery_codes_left(whole.account.id),
        }
    ]


async def passkeys(whole: Whole) -> list[Row]:
    """Return the owner's passkeys, without the keys."""
    return [
        {"name": each.name, "created_at": each.created_at, "used_at": each.used_at}
        for each in await whole.uow.passkeys.of_account(whole.account.id)
    ]


async def sessions(whole: Whole) -> list[Row]:
    """Return where the owner is signed in."""
    return [
        {
            "began_at": each.created_at,
            "seen_at": each.seen_at,
            "proofs": list(each.proofs),
            "network": each.network,
            "device": each.device,
        }
        for each in await whole.uow.owner_sessions.of_account(whole.account.id)
    ]


async def sign_ins(whole: Whole) -> list[Row]:
    """Return who has tried to sign in."""
    return [
        {
            "at": each.at,
            "proof": each.proof,
            "succeeded": each.succeeded,
            "new_device": each.new_device,
            "network": each.network,
            "device": each.device,
        }
        for each in await whole.uow.sign_in_attempts.history(whole.account.id, _ALL)
    ]


async def corrections(whole: Whole) -> list[Row]:
    """Return what the owner has asked his registrar to correct."""
    return [
        {
            "correction_id": each.id,
            "registrant_ids": list(each.registrant_ids),
            "changes": dict(each.changes),
            "state": each.state,
            "reason": each.reason,
            "asked_at": each.created_at,
            "ended_at": each.ended_at,
        }
        for each in await whole.uow.corrections.of_account(whole.account.id, _ALL)
    ]


async def disclosures(whole: Whole) -> list[Row]:
    """Return who has looked at the owner's data by a grant of his registrar."""
    whose = whole.account.registrar_id, whole.account.owner_index
    return [
        {
            "at": each.look.at,
            "domain": each.domain,
            "purpose": each.purpose,
            "fields": list(each.look.fields),
            "disclosure_id": each.look.grant_id,
        }
        for each in await whole.uow.disclosures.looks_of_owner(*whose, whole.now, 0, _ALL)
    ]


async def reads(whole: Whole) -> list[Row]:
    """Return what the keys of the registrar's backend have read of the owner."""
    whose = whole.account.registrar_id, whole.account.owner_index
    return [
        {
            "key_id": each.key_id,
            "registrants": each.registrants,
            "first_on": each.first_on.isoformat(),
            "last_on": each.last_on.isoformat(),
            "days": each.days,
        }
        for each in await whole.uow.registrant_reads.of_owner(*whose)
    ]


SECTIONS: Mapping[str, Section] = {
    "registrants": registrants,
    "domains": domains,
    "privacy": privacy,
    "consents": consents,
    "privacy-history": privacy_history,
    "mail-settings": mail_settings,
    "relay-addresses": relay_addresses,
    "mailboxes": mailboxes,
    "mail": mail,
    "correspondents": correspondents,
    "sender-rules": sender_rules,
    "account": account,
    "passkeys": passkeys,
    "sessions": sessions,
    "sign-ins": sign_ins,
    "corrections": corrections,
    "disclosures": disclosures,
    "reads": reads,
}
"""Every section by the name of its files, in the order in which the export tells of them."""
