"""Load from outside: Debian's wrk posts the envelopes of a corpus.

It goes through the corpus in turn, and then again for the next project, so that for as long as corpus and projects last
no event is posted twice to one of them.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCRIPT = """
local bodies, at, posted, limit = {}, 0, 0, tonumber(os.getenv("KAPUT_BENCH_LIMIT") or "0")
local paths, headers, project = {}, {}, 1
local rate, due = tonumber(os.getenv("KAPUT_BENCH_RATE") or "0"), 0
local ffi = require("ffi")
ffi.cdef("typedef struct { long s, us; } kaput_time; int gettimeofday(kaput_time *, void *);")
local clock = ffi.new("kaput_time")
local function now()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.s) * 1000 + tonumber(clock.us) / 1000
end
function init(args)
  local file = io.open(os.getenv("KAPUT_BENCH_CORPUS"), "rb")
  while true do
    local head = file:read(4)
    if not head then break end
    local a, b, c, d = head:byte(1, 4)
    bodies[#bodies + 1] = file:read(((a * 256 + b) * 256 + c) * 256 + d)
  end
  file:close()
  wrk.method = "POST"
  wrk.headers["Content-Encoding"] = "gzip"
  wrk.headers["Content-Type"] = "application/x-sentry-envelope"
  for id, key in string.gmatch(os.getenv("KAPUT_BENCH_KEYS"), "(%d+)=(%x+)") do
    local auth = {["X-Sentry-Auth"] = "Sentry sentry_key=" .. key .. ", sentry_version=7"}
    for name, value in pairs(wrk.headers) do auth[name] = value end
    paths[#paths + 1], headers[#headers + 1] = "/api/" .. id .. "/envelope/", auth
  end
end
function request()
  at = at + 1
  if at > #bodies then at, project = 1, project % #paths + 1 end
  return wrk.format(nil, paths[project], headers[project], bodies[at])
end
if rate > 0 then
  function delay()
    due = math.max(due + 1000 / rate, now() - 1000)
    return math.max(0, due - now())
  end
end
function response(status)
  posted = posted + 1
  if limit > 0 and posted >= limit then wrk.thread:stop() end
end
"""


Keys = Mapping[int, str]
"""By the id of a project one of its keys."""


@dataclass(frozen=True)
class Load:
    """What wrk saw: answers per second, all answers, and those that were no 200."""

    rate: float
    answers: int
    refused: int


def post(port: int, keys: Keys, corpus: Path, *, seconds: int, connections: int = 16) -> Load:
    """Posts a corpus from one thread for some seconds."""
    with posting(port, keys, corpus, seconds=seconds, connections=connections) as wrk:
        return seen(wrk)


def seen(wrk: "subprocess.Popen[str]") -> Load:
    """Waits until wrk has ended by itself, and returns what it saw."""
    out, error = wrk.communicate()
    answers = re.search(r"(\d+) requests in", out)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", out)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if answers is None or rate is None:
        raise SystemExit(f"wrk said something unexpected:\n{out}{error}")
    return Load(float(rate[1]), int(answers[1]), int(refused[1]) if refused else 0)


@contextmanager
def posting(
    port: int, keys: Keys, corpus: Path, *, seconds: int, connections: int = 16, limit: int = 0, rate: int = 0
) -> Iterator["subprocess.Popen[str]"]:
    """Posts a corpus beside the block; ends with the block.

    Args:
        port: of the server.
        keys: one of each project that is posted to, in turn.
        corpus: the file; for one project after the other, and again.
        seconds: at most.
        connections: that wrk keeps open.
        limit: of events, 0 for none.
        rate: events per second, 0 for as many as the server takes.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT)
        script.flush()
        environment = {
            "KAPUT_BENCH_CORPUS": str(corpus),
            "KAPUT_BENCH_KEYS": " ".join(f"{project}={key}" for project, key in keys.items()),
            "KAPUT_BENCH_LIMIT": str(limit),
            "KAPUT_BENCH_RATE": str(rate),
            "PATH": "/usr/bin:/bin",
        }
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, f"http://127.0.0.1:{port}/"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as wrk:
            try:
                yield wrk
            finally:
                wrk.terminate()  # it would sleep for all its seconds, with or without work
