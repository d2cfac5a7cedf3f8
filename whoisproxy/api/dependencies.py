"""What the API needs of the rest of the service; the runtime puts it together."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from registries.catalogue import Catalogue
from whoisproxy.api.limits import ApiLimits
from whoisproxy.services.accounts import Accounts
from whoisproxy.services.appearances import Appearances
from whoisproxy.services.correspondence import CorrespondenceService
from whoisproxy.services.disclosure import Disclosures
from whoisproxy.services.events import Events
from whoisproxy.services.mailbox import Mailbox
from whoisproxy.services.operations import Operations
from whoisproxy.services.owners.corrections import Corrections
from whoisproxy.services.owners.entry import OwnerEntry
from whoisproxy.services.owners.registrant_reads import RegistrantReads
from whoisproxy.services.privacy import PrivacyService
from whoisproxy.services.publications import Publications
from whoisproxy.services.quarantine import QuarantineService
from whoisproxy.services.quarantine_decisions import QuarantineDecisions
from whoisproxy.services.registration import Registrations
from whoisproxy.services.registry_messages import RegistryMessages
from whoisproxy.services.registry_tasks import RegistryTasks
from whoisproxy.services.sender_rules import SenderRules
from whoisproxy.services.webhooks import Webhooks
from whoisproxy.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """The services, the clock and the limits.

    Attributes:
        ready: Says of each part by name whether it answers; `/readyz` asks it.
        metrics: Gives what was counted in Prometheus' text format, for `/metrics`.
    """

    storage: Storage
    accounts: Accounts
    appearances: Appearances
    registrations: Registrations
    privacy: PrivacyService
    disclosures: Disclosures
    operations: Operations
    registry_tasks: RegistryTasks
    publications: Publications
    events: Events
    webhooks: Webhooks
    mailbox: Mailbox
    correspondence: CorrespondenceService
    sender_rules: SenderRules
    quarantine: QuarantineService
    decisions: QuarantineDecisions
    registry_messages: RegistryMessages
    entry: OwnerEntry
    corrections: Corrections
    reads: RegistrantReads
    catalogue: Catalogue
    ready: Callable[[], Awaitable[Mapping[str, bool]]]
    metrics: Callable[[], Awaitable[bytes]]
    clock: Callable[[], datetime]
    limits: ApiLimits = field(default_factory=ApiLimits)
