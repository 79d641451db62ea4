"""What a frame says about the code it ran in: whose code it is, its module, its function.

In: the names in a frame. Out: a decision or a name without what differs between deployments. Only the digest stage
imports it.
"""

import re
from functools import lru_cache

_LIBRARY = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|node_modules|bower_components|vendor|vendors|\.local/share|jspm_packages"
    r"|gems|\.cargo/registry|\.rustup|pkg/mod|go/src)/"
    r"|^/usr/(?:local/)?lib(?:64)?/|/lib(?:64)?/(?:python|pypy)[0-9.]+/|^/rustc/|/Python\.framework/|/[Ll]ib/python[0-9]"
    r"|^<(?!string|console|stdin|template|unknown)|^(?:node|internal|native|chrome-extension|moz-extension):|^node:"
    r"|^\[native code\]|^native$|/(?:jre|jdk)[^/]*/"
)
_JAVA_LIBRARY = re.compile(r"^(?:java|javax|jdk|sun|com\.sun|kotlin|scala|clojure|groovy|System|Microsoft)\.")
_ROOTS = re.compile(
    r"^.*/(?:site-packages|dist-packages|node_modules|releases/[^/]+|lib(?:64)?/python[0-9.]+)/|^(?:webpack|app|file)://+"
)
_HASHED = re.compile(r"[.-][0-9a-f]{6,40}(?=\.|$)|\?.*$|#.*$")
_SUFFIX = re.compile(r"\.(?:py|pyc|pyw|pyx|so|js|mjs|cjs|jsx|ts|tsx|rb|php)$")
_UNNAMED = re.compile(r"^(?:__main__|__mp_main__|<unknown>|unknown|None|\?)?$")
_WRAPPED = re.compile(r"(?:\.<locals>|<locals>\.|\s*\[as [^\]]*\]|^(?:async|new|Object\.|Function\.)\s+)")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}|[0-9a-f]{16,}|(?<=\$)[0-9]+")
_SHORT = 1024


@lru_cache(maxsize=8192)
def _from_path(path: str) -> bool:
    return not _LIBRARY.search(path)


def is_own(filename: str, abs_path: str, module: str) -> bool:
    """Whether a frame whose client said nothing about it is the application's own code."""
    path = (abs_path or filename).replace("\\", "/")
    if path:
        return _from_path(path[:_SHORT])
    return bool(module) and not _JAVA_LIBRARY.match(module)


@lru_cache(maxsize=8192)
def _module_of(path: str) -> str:
    rest = _ROOTS.sub("", path)
    if rest.startswith("/") or (len(rest) > 1 and rest[1] == ":") or "://" in rest:
        rest = rest.rsplit("/", 1)[-1].lower()
    rest = _SUFFIX.sub("", _HASHED.sub("", rest))
    return rest.strip("./").replace("/", ".").removesuffix(".__init__")


def module_of(module: str, filename: str, abs_path: str) -> str:
    """The module as grouping sees it: the client's name for it, else one made of the file's path.

    An absolute path counts by its last part only, since the folder before it differs between deployments; what builds
    put into file names (hashes, queries) is left out.
    """
    if not _UNNAMED.match(module):
        return module
    return _module_of((filename or abs_path)[:_SHORT].replace("\\", "/"))


@lru_cache(maxsize=8192)
def _clean(function: str) -> str:
    return _ADDRESS.sub("", _WRAPPED.sub("", function)).strip()


def function_of(function: str) -> str:
    """The function's name without what a compiler or decorator put around it."""
    return _clean(function[:_SHORT])


def is_generated(function: str) -> bool:
    """Whether the name is made by the language: `<lambda>`, `<listcomp>`, `<anonymous>`, or none at all."""
    return not function or function in {"?", "anonymous"} or (function[0] == "<" and function != "<module>")


def has_file(filename: str) -> bool:
    """Whether the code stands in a file: not in a template or program made of a string (`<template>`, `<string>`)."""
    return not filename.startswith("<")
