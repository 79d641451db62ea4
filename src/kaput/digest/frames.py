"""What a frame says about the code it ran in: whose code it is, its module, its function.

In: the names in a frame. Out: a decision or a name without what differs between deployments. Only the digest stage
imports it.
"""

import re
from functools import lru_cache

from kaput.model import Frame

_LIBRARY = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|node_modules|bower_components|vendor|vendors|\.local/share|jspm_packages"
    r"|gems|\.cargo/registry|\.rustup|pkg/mod|go/src)/"
    r"|^/usr/(?:local/)?lib(?:64)?/|/lib(?:64)?/(?:python|pypy)[0-9.]+/|^/rustc/|/Python\.framework/|/[Ll]ib/python[0-9]"
    r"|/[Pp]ython[0-9.-]*/Lib/|^<(?!string|console|stdin|template|unknown)"
    r"|^(?:node|internal|native|chrome-extension|moz-extension):|^node:"
    r"|^\[native code\]|^native$|/(?:jre|jdk)[^/]*/"
)
_STANDARD = re.compile(
    r"^.*/(?:lib(?:64)?/(?:python|pypy)[0-9.]+|[Pp]ython[0-9.-]*/Lib|python[0-9]+\.zip|usr/lib/ruby/[0-9.]+)/(.*)"
    r"|^<frozen "
)
_PACKAGES = ("site-packages/", "dist-packages/")
_NAMED_LIBRARY = re.compile(
    r"^(?:java|javax|jdk|sun|com\.sun|jakarta|kotlin|kotlinx|scala|clojure|groovy|akka|System|Microsoft|Newtonsoft"
    r"|org\.(?:springframework|apache|hibernate|eclipse|jboss|postgresql|junit)|com\.(?:google\.common|fasterxml|zaxxer|mysql)"
    r"|io\.(?:netty|reactivex|vertx|sentry)|reactor|okhttp3|retrofit2|android|androidx|dalvik|runtime|net/http|reflect"
    r"|Illuminate|Symfony|Doctrine|std|core|alloc|tokio)(?:[.$:\\/]|$)"
)
_ROOTS = re.compile(
    r"^.*/(?:site-packages|dist-packages|node_modules|releases/[^/]+|current|lib(?:64)?/python[0-9.]+|[\w.-]*\.(?:egg|pex|zip)"
    r"|templates|src|dist|build|lib)/|^(?:webpack|app|file)://+(?:\.?/)?"
)
_URL = re.compile(r"^(?:https?|capacitor|ionic)://[^/]*/?")
_ASSETS = re.compile(
    r"^(?:(?:assets?|static|public|dist|build|js|javascripts?|scripts?|bundles?|chunks|packs|cdn|media|_next|_nuxt|releases?)/)+"
)
"""Folders of an address that say where a site keeps its scripts."""
_VERSIONED = re.compile(r"(?:^|(?<=/))(?:v?[0-9]+(?:\.[0-9]+)*|[0-9a-f]{7,40}|[0-9]{6,})(?:/|(?=[?#]|$))")
_HASHED = re.compile(r"[.-](?=[0-9a-zA-Z_-]*[0-9])[0-9a-zA-Z_-]{8}(?=\.|$)|[.-][0-9a-f]{6,40}(?=\.|$)|\?.*$|#.*$")
_SUFFIX = re.compile(r"\.(?:py|pyc|pyw|pyx|so|js|mjs|cjs|jsx|ts|tsx|rb|php|html?|jinja2?|j2|vue|svelte)$")
_UNNAMED = re.compile(r"^(?:__main__|__mp_main__|<unknown>|unknown|None|\?)?$")
_PATH = re.compile(r"^(?:/|[A-Za-z]:[\\/]|[a-z]+://)")
_MADE = re.compile(
    r"\$\$.*$|\$[0-9]+(?=\$|$)|(?<=Proxy)[0-9]+|(?<=Accessor)[0-9]+|@anonymous.*$|^src\.|^(?:src|dist|build|lib|out):"
    r"|\+<.*$"
)

_WRAPPED = re.compile(
    r"(?:\.<locals>|<locals>\.|\s*\[as [^\]]*\]|^(?:async\s*)?(?:async|new|Object\.|Function\.|Module\.|exports\."
    r"|(?:HTML\w+|SVG\w+|Window|Proxy|Timeout|Immediate|process|global)\.)\s*(?=[\w$<])|^[\w$.]+\.(?=<anonymous>$)"
    r"|^(?:(?:block|rescue|ensure)(?: \([0-9]+ levels\))? in )*(?:[A-Z][\w:]*#)?|\.func[0-9]+(?:\.[0-9]+)*$"
    r"|::h[0-9a-f]{16}$|::\{\{closure\}\}|\s*\[clone [^\]]*\]|\.(?:constprop|part|isra|cold)(?:\.[0-9]+)?"
    r"|@anonymous.*$|\$\$.*$|-fm$)"
)
_NAMED_INSIDE = re.compile(
    r"^lambda\$([\w]+)\$[0-9]+$|^.*<([\w.]+)>[a-z]__[0-9|_]+.*$|^\{closure:([^}:]*(?:::[^}:(]+)?).*\}$|^\$anonfun\$(\w+)\$[0-9]+$"
)
_STEPS = frozenset({"MoveNext", "MoveNextAsync"})
_STATES = re.compile(r"\+<(\w{1,200})>d__[0-9]+")
_UNNAMED_FUNCTIONS = frozenset({"?", "anonymous", "_onTimeout", "_onImmediate"})
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}|[0-9a-f]{16,}|(?<=\$)[0-9]+|(?<=_)[0-9a-f]{8,}(?=_|$)")
_TEMPLATE = re.compile(r"^(?:top-level template code|template|(?:block|macro) '.*')$")
_WRAPPER = re.compile(
    r"^_*(?:(?:a?sync_|inner_)?wrapper|wrapped|inner|decorated|decorator|wrapper_func(?:tion)?|wrapped_func(?:tion)?)_*$"
)
_COMPILED = re.compile(r"\.(?:py[xi]?|pxi|c|cpp)$")
_SHORT = 1024


@lru_cache(maxsize=8192)
def _from_path(path: str) -> bool:
    return not _LIBRARY.search(path)


def is_own(filename: str, abs_path: str, module: str) -> bool:
    """Whether a frame whose client said nothing about it is the application's own code."""
    path = (abs_path or filename).replace("\\", "/")
    if path and (not module or "/" in path or ":" in path or path[0] == "<"):
        return _from_path(path[:_SHORT])
    return bool(module) and not _NAMED_LIBRARY.match(module)


@lru_cache(maxsize=8192)
def _is_standard(path: str) -> bool:
    match = _STANDARD.match(path.replace("\\", "/"))
    return match is not None and not (match[1] or "").startswith(_PACKAGES)


def is_standard(frame: Frame) -> bool:
    """Whether the frame is the language's own library, whatever a client says that was started in the root folder."""
    return _is_standard((frame.abs_path or frame.filename)[:_SHORT])


def is_compiled(frame: Frame) -> bool:
    """Whether the frame is a Python module's that was compiled; its path is made up, so that clients call it their own.

    Only compilers put the module before the function.
    """
    return (
        frame.context_line is None
        and "." in frame.function
        and bool(frame.module)
        and frame.function.startswith(f"{frame.module}.")
        and _COMPILED.search(frame.filename) is not None
    )


def is_foreign(frame: Frame) -> bool:
    """Whether the frame is not the application's."""
    return not frame.in_app or is_standard(frame) or is_compiled(frame)


def is_template(frame: Frame) -> bool:
    """Whether the frame is a file that a template engine reads; some clients call it a library's."""
    return frame.function[:1] in "tbm" and _TEMPLATE.match(frame.function) is not None and has_file(frame.filename)


@lru_cache(maxsize=8192)
def _module_of(path: str) -> str:
    address = _URL.match(path)
    rest = _ASSETS.sub("", _VERSIONED.sub("", path[address.end() :])) if address else _ROOTS.sub("", path)
    if rest.startswith("/") or (len(rest) > 1 and rest[1] == ":") or "://" in rest:
        rest = rest.rsplit("/", 1)[-1].lower()
    rest = _SUFFIX.sub("", _HASHED.sub("", rest))
    return rest.strip("./").replace("/", ".").removesuffix(".__init__")


@lru_cache(maxsize=8192)
def _clean_module(module: str) -> str:
    return _MADE.sub("", module)


def module_of(module: str, filename: str, abs_path: str) -> str:
    """The module as grouping sees it: the client's name for it, else one made of the file's path.

    Of an absolute path counts what stands behind a folder that is known to be a root (`site-packages`, `src`,
    `templates`), else its last part only, since the folder before it differs between deployments. Of an address the
    host is left out, and what builds put into names: versions, hashes, queries.
    """
    if not _UNNAMED.match(module) and not _PATH.match(module):
        return _clean_module(module)
    return _module_of((filename or abs_path or module)[:_SHORT].replace("\\", "/"))


@lru_cache(maxsize=8192)
def _clean(function: str) -> str:
    if match := _NAMED_INSIDE.match(function):
        function = match[match.lastindex or 0]
    return _ADDRESS.sub("", _WRAPPED.sub("", function)).strip()


def function_of(function: str) -> str:
    """The function's name without what a compiler or decorator put around it."""
    return _clean(function[:_SHORT])


def method_of(module: str, function: str) -> str:
    """The function's name; of a method that a compiler cut into states the one that a person gave it."""
    inside = _STATES.search(module) if function in _STEPS else None
    return inside[1] if inside else function_of(function)


def is_generated(function: str) -> bool:
    """Whether the name is made by the language: `<lambda>`, `<listcomp>`, `<anonymous>`, or none at all."""
    return not function or function in _UNNAMED_FUNCTIONS or (function[0] == "<" and function != "<module>")


@lru_cache(maxsize=4096)
def is_wrapper(function: str) -> bool:
    """Whether decorators call their functions so."""
    return _WRAPPER.match(function) is not None


def has_file(filename: str) -> bool:
    """Whether the code stands in a file: not in a template or program made of a string (`<template>`, `<string>`)."""
    return not filename.startswith("<")
