"""ICANN's profile of domains (-46100 to -46802, -46900 to -47100, -63000, -65600)."""

from tests.whoisproxy.publication.conformance.epp import agrees, has_roid_form, is_for_tests, is_registered
from tests.whoisproxy.publication.conformance.guide import events
from tests.whoisproxy.publication.conformance.selection import with_role
from tests.whoisproxy.publication.conformance.table import Answer, Mode, rule


@rule(-46100, on="domain")
def the_a_label_is_there(answer: Answer) -> bool:
    return answer.url.endswith(f"/domain/{answer.document['ldhName']}")


@rule(-46101, on="domain")
def the_u_label_is_there(answer: Answer) -> bool:
    return ("xn--" in answer.url) is ("unicodeName" in answer.document)


@rule(-46200, on="domain")
def the_domains_id_is_a_roid(answer: Answer) -> bool:
    return has_roid_form(answer.document.get("handle", "X-VRSN"))


@rule(-46201, on="domain")
def the_domains_repository_is_registered(answer: Answer) -> bool:
    return is_registered(answer.document.get("handle", "X-VRSN"))


@rule(-46205, on="domain")
def the_domains_repository_is_not_for_tests(answer: Answer) -> bool:
    return not is_for_tests(answer.document.get("handle", ""))


@rule(-46300, on="domain")
def the_registration_is_told(answer: Answer) -> bool:
    return "registration" in events(answer)


@rule(-46400, on="domain", mode=Mode.REGISTRY)
def a_registry_tells_the_expiration(answer: Answer) -> bool:
    return "expiration" in events(answer)


@rule(-65600, on="domain", mode=Mode.REGISTRAR)
def a_registrar_tells_its_own_expiration(answer: Answer) -> bool:
    return "registrar expiration" in events(answer)


@rule(-46800, on="domain")
def secure_dns_is_told(answer: Answer) -> bool:
    return "secureDNS" in answer.document


@rule(-46801, on="domain")
def it_is_told_whether_the_delegation_is_signed(answer: Answer) -> bool:
    return "delegationSigned" in answer.document["secureDNS"]


@rule(-46802, on="domain")
def a_signed_delegation_has_its_signers(answer: Answer) -> bool:
    told = answer.document["secureDNS"]
    return told["delegationSigned"] is bool(told.get("dsData"))


@rule(-46900, on="domain")
def statuses_agree_with_rfc_5731(answer: Answer) -> bool:
    return agrees(set(answer.document["status"]))


@rule(-47001, on="domain")
def the_redemption_period_is_one_of_deletion(answer: Answer) -> bool:
    statuses = answer.document["status"]
    return "redemption period" not in statuses or "pending delete" in statuses


@rule(-47002, on="domain")
def a_restore_is_one_from_deletion(answer: Answer) -> bool:
    statuses = answer.document["status"]
    return "pending restore" not in statuses or "pending delete" in statuses


@rule(-47100, on="domain")
def there_is_a_status(answer: Answer) -> bool:
    return bool(answer.document["status"])


@rule(-63000, on="domain", mode=Mode.REGISTRAR)
def a_registrar_tells_one_registrant(answer: Answer) -> bool:
    return len(with_role(answer.document, "registrant")) == 1
