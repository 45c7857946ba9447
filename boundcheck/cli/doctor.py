"""`boundcheck doctor`: is this installation sound?"""

from boundcheck.cli import options
from boundcheck.cli.command import command
from boundcheck.cli.output import HOLDS, VIOLATED, Session


@command
def doctor(this: Session, store: options.StoreFile = None) -> None:
    """Say what is installed, on which device it runs, where runs are kept, and check four known results in seconds.

    Exit code 1 says that a check failed. Nothing depends on --seed.

    Example: boundcheck doctor
    """
    from boundcheck.pipeline.doctor import doctor

    found = doctor(store)
    this.finish(found, exit_code=HOLDS if all(check.holds for check in found.checks) else VIOLATED)
