"""One launcher from start to end."""

import time

from dev.stack.banner import banner
from dev.stack.plan import Plan
from dev.stack.report import complain, show
from dev.stack.signals import StopSignals
from dev.stack.stack import Stack
from dev.stack.trouble import StackError
from dev.stack.watch import watch


def supervise(plan: Plan) -> int:
    """Run the stack until it is told to stop; 0 after a stopping signal, 1 with one sentence after anything else."""
    began = time.monotonic()
    with StopSignals() as signals:
        stack: Stack | None = None
        code = 0
        try:
            stack = Stack(plan)
            stack.start()
            stack.reporter.say("stack", f"ready ({time.monotonic() - began:.2f} s)")
            show(banner(plan))
            watch(stack, signals)
        except KeyboardInterrupt:
            show("")
        except StackError as error:
            complain(error)
            code = 1
        finally:
            signals.close_door()
            if stack:
                stack.stop(signals.hurry)
        return code
