"""Privacy per domain at registries that Tango and CORE run (privacy-1.0).

A person chooses whether to be published; an organisation cannot hide.
"""

from dataclasses import dataclass

from registries.epp.extensions.privacy import HIDDEN, SHOWN
from registries.epp.frames.base import Extension
from registries.epp.frames.disclosure import Disclose
from registries.epp.frames.domain import DomainData
from registries.epp.markup import Element, add, find, flag_of
from registries.errors import RegistryRefused

_POLICY = 2306  # RFC 5730 section 3: what the registry would say


@dataclass(frozen=True, slots=True)
class _Setting:
    namespace: str
    person: bool
    shown: bool

    def write(self, extension: Element) -> None:
        """Append `update`."""
        change = add(add(extension, self.namespace, "update"), self.namespace, "chg")
        disclosure = add(change, self.namespace, "disclosure")
        if self.person:
            add(disclosure, self.namespace, "natural", disclose="true" if self.shown else "false")
        else:
            add(disclosure, self.namespace, "legal")


@dataclass(frozen=True, slots=True)
class TangoDomains:
    """Domains of such a registry.

    Attributes:
        namespace: Tango's or CORE's; the elements are the same.
    """

    namespace: str

    def switch(self, domain: DomainData, *, hide: bool, person: bool) -> Extension:  # noqa: ARG002
        """Return the setting.

        Raises:
            RegistryRefused: An organisation is to be hidden.
        """
        if hide and not person:
            raise RegistryRefused(_POLICY, "the registry hides persons only, not organisations")
        return _Setting(self.namespace, person, not hide)

    def read_back(self, extension: Element | None) -> Disclose:
        """Return the setting; a domain that shows none is published."""
        natural = find(extension, self.namespace, "infData", "disclosure", "natural")
        return SHOWN if natural is None or flag_of(natural, "disclose") else HIDDEN
