"""Which of a registry's products a command is for (Verisign, namestoreExt-1.1)."""

from dataclasses import dataclass

from registries.epp.markup import NAMESTORE, Element, add


@dataclass(frozen=True, slots=True)
class Namestore:
    """Goes with every command about an object.

    Attributes:
        sub_product: Such as `dotCOM`.
    """

    sub_product: str

    @classmethod
    def of(cls, domain: str) -> "Namestore":
        """Return the product that a domain belongs to, named after its top-level domain."""
        return cls("dot" + domain.rpartition(".")[2].upper())

    def write(self, extension: Element) -> None:
        """Append `namestoreExt`."""
        add(add(extension, NAMESTORE, "namestoreExt"), NAMESTORE, "subProduct", self.sub_product)
