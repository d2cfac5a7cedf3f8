"""What is left out when texts are compared changes no outcome."""

from hypothesis import given
from hypothesis import strategies as st

from mailrelay.content.similarity import SKETCH_SIZE, Sketch, resemblance

# Few different numbers, so that sketches have many in common.
_SKETCHES = st.lists(st.integers(-60, 60), unique=True, max_size=SKETCH_SIZE).map(
    lambda hashes: tuple(sorted(hashes))
)


def _share(one: Sketch, other: Sketch) -> float:
    """Bottom-k MinHash as Broder has it: of the smallest of the union, how many are in both."""
    union = sorted({*one, *other})[:SKETCH_SIZE]
    return len({*union} & {*one} & {*other}) / len(union) if union else 0.0


@given(_SKETCHES, _SKETCHES, st.floats(0, 1))
def test_a_share_is_exact_from_the_least_that_matters(one: Sketch, other: Sketch, least: float) -> None:
    share = _share(one, other)
    assert resemblance(one, other) == share
    found = resemblance(one, other, least)
    assert found == share if share >= least else found in {0.0, share}
