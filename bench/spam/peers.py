"""Other filters on the same messages: SpamAssassin and Rspamd without network, and bogofilter, which learns.

Each is a program of Debian, started once for all messages of a set; what is not there is left out by name.
"""

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.spam.rspamd import rspamd_scores
from bench.spam.sample import Sample, masked

_ASSASSIN = r"""
use Mail::SpamAssassin;
my $filter = Mail::SpamAssassin->new({PREFIX => '/usr', DEF_RULES_DIR => '/usr/share/spamassassin',
  LOCAL_RULES_DIR => '/etc/spamassassin', LOCAL_STATE_DIR => '/var/lib/spamassassin', local_tests_only => 1,
  dont_copy_prefs => 1, userprefs_filename => '/dev/null', userstate_dir => $ARGV[0],
  post_config_text => "use_bayes 0\n"});
$filter->compile_now(0);
while (my $name = <STDIN>) {
  chomp $name; open(my $file, '<', $name) or die; my @lines = <$file>;
  my $mail = $filter->parse(\@lines); my $status = $filter->check($mail);
  print $status->get_score(), "\n"; $status->finish(); $mail->finish();
}
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A filter by name; `scores` takes what to learn from and what to judge, and a folder to work in."""

    name: str
    program: str
    tag: float
    quarantine: float
    scores: Callable[[Sequence[Sample], Sequence[Sample], Path], list[float]]
    learns: bool = False

    @property
    def is_there(self) -> bool:
        """Whether it is installed."""
        return shutil.which(self.program) is not None

    def judge(self, known: Sequence[Sample], unknown: Sequence[Sample]) -> tuple[list[float], float]:
        """Return the scores, and CPU milliseconds for a message, start and learning included."""
        before = _children_s()
        with tempfile.TemporaryDirectory(prefix="spam-peers-") as folder:
            scores = self.scores(known, unknown, Path(folder))
        assert len(scores) == len(unknown)
        return scores, 1000 * (_children_s() - before) / len(unknown)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _files(samples: Sequence[Sample], folder: Path) -> str:
    """Write masked messages and return their names, a line each."""
    folder.mkdir()
    names = [folder / f"{number:06}" for number in range(len(samples))]
    for name, sample in zip(names, samples, strict=True):
        name.write_bytes(masked(sample.raw).raw.replace(b"\r\n", b"\n"))
    return "".join(f"{name}\n" for name in names)


def _run(command: Sequence[str], names: str, *codes: int) -> list[str]:
    done = subprocess.run(command, input=names, capture_output=True, text=True, check=False)
    assert done.returncode in {0, *codes}, done.stderr[-2000:]
    return done.stdout.splitlines()


def _assassin(_: Sequence[Sample], unknown: Sequence[Sample], folder: Path) -> list[float]:
    """Return scores by as many processes as there are processors, for one takes minutes."""
    count = os.cpu_count() or 1
    names = _files(unknown, folder / "unknown").splitlines(keepends=True)
    shares = ["".join(names[number::count]) for number in range(count)]
    command = ["perl", "-e", _ASSASSIN, str(folder)]
    with ThreadPoolExecutor(count) as threads:
        found = list(threads.map(lambda share: _run(command, share), shares))
    return [float(found[number % count][number // count]) for number in range(len(names))]


def _bogofilter(known: Sequence[Sample], unknown: Sequence[Sample], folder: Path) -> list[float]:
    words = folder / "words"
    words.mkdir()
    for option, spam in (("-s", True), ("-n", False)):
        ours = [one for one in known if one.spam is spam]
        _run(["bogofilter", "-C", "-d", str(words), option, "-b"], _files(ours, folder / f"known{option}"))
    lines = _run(
        ["bogofilter", "-C", "-d", str(words), "-T", "-b"], _files(unknown, folder / "unknown"), 1, 2
    )
    return [float(line.split()[-1]) for line in lines]


def _rspamd(_: Sequence[Sample], unknown: Sequence[Sample], folder: Path) -> list[float]:
    return rspamd_scores([masked(one.raw).raw for one in unknown], folder / "rspamd")


PEERS = (
    Peer("SpamAssassin -L", "spamassassin", 5.0, 10.0, _assassin),
    Peer("Rspamd offline", "rspamd", 6.0, 15.0, _rspamd),
    Peer("bogofilter", "bogofilter", 0.5, 0.99, _bogofilter, learns=True),
)
