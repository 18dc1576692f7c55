"""Runs a command under a pseudo-terminal and interrupts it, as a person with Ctrl-C does.

Arguments: JSON {"command": [...], "env": {...}, "when": regular expression in the output or null, "after": seconds,
"times": Ctrl-C how often}. Prints JSON {"seconds": from the first Ctrl-C to the end, "exit", "signal", "output",
"sameTerminal", "ended": whether it ended before it was interrupted}.
"""

import fcntl, json, os, pty, re, select, signal, sys, termios, time

task = json.loads(sys.argv[1])
master, slave = pty.openpty()
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in (0, 1, 2):
        os.dup2(slave, descriptor)
    os.execve(task["command"][0], task["command"], {**os.environ, **task["env"]})

output = b""
interrupted = None
ready = None
left = 0
limit = time.monotonic() + task.get("limit", 120)
status = None
while status is None:
    if master in select.select([master], [], [], 0.01)[0]:
        output += os.read(master, 65536)
    now = time.monotonic()
    if ready is None and (task["when"] is None or re.search(task["when"], output.decode("utf8", "replace"))):
        ready = now
    if ready is not None and interrupted is None and now >= ready + task["after"]:
        interrupted, left = now, task.get("times", 1)
    if left > 0 and now >= interrupted + 0.15 * (task.get("times", 1) - left):
        # The terminal driver makes the signal of it, for every process in the foreground.
        os.write(master, b"\x03")
        left -= 1
    if now > limit:
        os.kill(child, signal.SIGKILL)
    pid, got = os.waitpid(child, os.WNOHANG)
    if pid == child:
        status = got
ended = time.monotonic()
while master in select.select([master], [], [], 0.05)[0]:
    try:
        output += os.read(master, 65536)
    except OSError:
        break
print(
    json.dumps(
        {
            "seconds": None if interrupted is None else ended - interrupted,
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            "output": output.decode("utf8", "replace"),
            "sameTerminal": termios.tcgetattr(slave) == before,
            "ended": interrupted is None,
        }
    )
)
