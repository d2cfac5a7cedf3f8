"""ICANN's profile of name servers, in domains (-47200 to -47205) and by themselves (-49100 to -49300)."""

from collections.abc import Iterator
from typing import Any

from tests.whoisproxy.publication.conformance.epp import agrees, has_roid_form, is_for_tests, is_registered
from tests.whoisproxy.publication.conformance.selection import objects
from tests.whoisproxy.publication.conformance.table import Answer, each, rule


def hosts(document: Any) -> Iterator[Any]:
    return objects(document, "nameserver")


def host_handles(document: Any) -> Iterator[str]:
    return (host["handle"] for host in hosts(document) if "handle" in host)


each(-47200, hosts, lambda host: "ldhName" in host)
each(-47201, host_handles, has_roid_form, on="domain")
each(-47202, host_handles, is_registered, on="domain")


@rule(-47203, on="domain")
def all_or_none_of_the_hosts_have_handle_and_status(answer: Answer) -> bool:
    told = [{"handle", "status"} & set(host) for host in hosts(answer.document)]
    return all(members == {"handle", "status"} for members in told) or not any(told)


each(-47204, hosts, lambda host: agrees(set(host.get("status", [])) - {"associated"}))
each(-47205, host_handles, lambda handle: not is_for_tests(handle), on="domain")


@rule(-49100, on="nameserver")
def the_hosts_a_label_is_there(answer: Answer) -> bool:
    return answer.url.endswith(f"/nameserver/{answer.document['ldhName']}")


@rule(-49101, on="nameserver")
def the_hosts_u_label_is_there(answer: Answer) -> bool:
    return ("xn--" in answer.url) is ("unicodeName" in answer.document)


@rule(-49102, on="nameserver")
def the_hosts_id_is_a_roid(answer: Answer) -> bool:
    return has_roid_form(answer.document.get("handle", ""))


@rule(-49103, on="nameserver")
def the_hosts_repository_is_registered(answer: Answer) -> bool:
    return is_registered(answer.document.get("handle", ""))


@rule(-49104, on="nameserver")
def the_hosts_repository_is_not_for_tests(answer: Answer) -> bool:
    return not is_for_tests(answer.document.get("handle", ""))


@rule(-49300, on="nameserver")
def the_hosts_statuses_agree_with_rfc_5732(answer: Answer) -> bool:
    return agrees(set(answer.document["status"]) - {"associated"})
