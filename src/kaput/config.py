"""Every setting of Kaput: one table that feeds the environment, `kaput.toml`, flags, `kaput config` and the docs page.

In: the environment, the text of `kaput.toml`, flags. Out: one frozen `Settings`. Anyone may import it; it imports the
standard library only, and platformdirs late, because every process does. Configuration is read nowhere else, and once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from kaput.errors import ConfigError

ENVIRONMENT_PREFIX = "KAPUT_"
FILE_NAME = "kaput.toml"
MOST_EVENTS_PER_ISSUE = 100_000
UNITS = {"kB": 1000, "MB": 1000**2, "GB": 1000**3, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "B": 1}


class Size(int):
    """A number of bytes; written as `20MiB`, `1GB` or plain digits."""


class Share(int):
    """A part of the volume that holds the data directory, in per cent; written as `50%`."""


LARGEST_ATTACHMENT = Size(128 * 1024**2)
"""What the frames of the buffer hold, with room to spare; the web and the work process each hold one in memory."""


def default_data_directory() -> Path:
    """Returns the platform's directory for a user's data."""
    import platformdirs

    return Path(platformdirs.user_data_dir("kaput", appauthor=False))


def _setting(default: Any, text: str, *, secret: bool = False) -> Any:
    metadata = {"help": text, "secret": secret}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set. Each is `KAPUT_<NAME>` in the environment and `<name>` in `kaput.toml`."""

    data: Path = _setting(default_data_directory, "Directory that holds everything Kaput keeps.")
    host: str = _setting("127.0.0.1", "Address to listen on; 0.0.0.0 for all.")
    port: int = _setting(9110, "Port to listen on; 0 takes a free one.")
    url: str = _setting("", "Address people and clients use, with path prefix if any; in links, mails and DSNs.")
    trusted_proxies: tuple[str, ...] = _setting(
        (), "Networks whose X-Forwarded-For, -Proto, -Host and -Prefix count, separated by commas."
    )
    max_body: Size = _setting(Size(20 * 1024**2), "Largest request body as sent; larger ones are answered 413.")
    max_unpacked: Size = _setting(
        Size(64 * 1024**2), "Largest request body when decompressed; larger ones are answered 413."
    )
    max_attachment: Size = _setting(Size(10 * 1024**2), "Largest attachment; larger ones are left out.")
    max_attachments: int = _setting(20, "Attachments that one event may have; more are left out; 0: none is kept.")
    attachment_share: int = _setting(10, "Percent of the disk that attachments may take; more are left out.")
    segment_size: Size = _setting(Size(64 * 1024**2), "A new segment of the buffer begins when one has this size.")
    max_backlog: Size = _setting(
        Size(8 * 1024**3), "Bytes of accepted and not yet visible events above which clients are answered 429."
    )
    accept_processes: int = _setting(
        0, "Processes that take events while one is busy all the time; 0: two where there are cores; 1: never a second."
    )
    digest_processes: int = _setting(
        0, "Processes that digest while there is a backlog; 0: one for each core, at most 4; otherwise one digests."
    )
    min_free: Size = _setting(Size(128 * 1024**2), "Free bytes on the disk below which clients are answered 503.")
    retention_days: int = _setting(
        90, "Days after which events go, all but the first and the newest of each issue; 0: no limit."
    )
    retention_events_per_issue: int = _setting(
        1000, "Events of one issue that stay: the newest, the first, and a sample of those between; 0: no limit."
    )
    retention_disk: Size | Share = _setting(
        Share(50),
        "Bytes, or a part of the volume, that the data directory may take before events are thinned out; a part"
        " leaves 1 GiB of the volume free; 0: no limit.",
    )
    smtp_host: str = _setting("", "Mail server; empty: no mail is sent.")
    smtp_port: int = _setting(0, "Port of the mail server; 0: 25, 587 with starttls, 465 with implicit.")
    smtp_user: str = _setting("", "Login at the mail server; empty: none.")
    smtp_password: str = _setting("", "Password at the mail server.", secret=True)
    smtp_tls: Literal["none", "starttls", "implicit"] = _setting(
        "none", "How the connection to the mail server is encrypted: none, starttls or implicit."
    )
    smtp_ca: str = _setting("", "File with the certificates to trust for the mail server; empty: the system's.")
    mail_from: str = _setting("", "Sender of mails; empty: kaput@ and the host of KAPUT_URL.")
    channel_networks: tuple[str, ...] = _setting(
        (), "Private networks that webhooks and services may reach, separated by commas; empty: public addresses only."
    )

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "kaput.db"

    @property
    def spool(self) -> Path:
        """The directory of the buffer's segments."""
        return self.data / "spool"

    @property
    def dead(self) -> Path:
        """The directory of records that could not be digested."""
        return self.data / "dead"

    @property
    def sender(self) -> str:
        """The address mails come from."""
        return self.mail_from or f"kaput@{_mail_domain(urlsplit(self.url).hostname or 'localhost')}"

    @property
    def mail_port(self) -> int:
        """The port of the mail server."""
        return self.smtp_port or {"none": 25, "starttls": 587, "implicit": 465}[self.smtp_tls]


@dataclass(frozen=True, slots=True)
class Described:
    """One row of `kaput config`: a setting, its value fit to be shown, where it came from and what it means."""

    name: str
    value: str
    source: str
    help: str
    default: str
    type: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings and, by name, where each came from: `kaput.toml`, `environment` or `flag`; else it is the default.

    `unknown` are variables that begin with KAPUT_ and are no setting of the server: perhaps misspelt, perhaps the
    Flask extension's.
    """

    settings: Settings
    sources: Mapping[str, str]
    unknown: tuple[str, ...] = ()


def load(environment: Mapping[str, str], flags: Mapping[str, str]) -> Loaded:
    """Reads all settings: a flag before the environment before `kaput.toml` before the default.

    Args:
        environment: usually `os.environ`.
        flags: given on the command line, by name of the setting.

    Raises:
        ConfigError: with one sentence for everything that is wrong, all at once.
    """
    problems: list[str] = []
    known = {item.name for item in fields(Settings)}
    variables = {key: text for key, text in environment.items() if key.startswith(ENVIRONMENT_PREFIX)}
    unknown = tuple(key for key in variables if _name_of(key) not in known)
    given = {_name_of(key): (text, "environment") for key, text in variables.items() if key not in unknown}
    given |= {name: (text, "flag") for name, text in flags.items()}
    data = Path(given["data"][0]).expanduser() if "data" in given and given["data"][0] else default_data_directory()
    for name, value in _from_file(data / FILE_NAME, problems):
        given.setdefault(name, (value, FILE_NAME))
    types = get_type_hints(Settings)
    values: dict[str, Any] = {}
    for name, (text, source) in given.items():
        try:
            values[name] = _read(types[name], text)
        except ValueError as error:
            problems.append(f"{_label(name, source)} {error}")
    settings = Settings(**values)
    problems += _contradictions(settings)
    if problems:
        raise ConfigError(problems)
    return Loaded(settings, {name: source for name, (_, source) in given.items()}, unknown)


def describe(loaded: Loaded) -> list[Described]:
    """Returns every setting with its value and source; secrets are not shown."""
    rows = []
    for item in fields(Settings):
        value = getattr(loaded.settings, item.name)
        shown = "[set]" if item.metadata["secret"] and value else _text(value)
        default = "platform's user data directory" if item.name == "data" else _text(item.default)
        source = loaded.sources.get(item.name, "default")
        rows.append(Described(item.name, shown, source, item.metadata["help"], default, _type_name(item.name)))
    return rows


def _name_of(variable: str) -> str:
    return variable.removeprefix(ENVIRONMENT_PREFIX).lower()


def _from_file(path: Path, problems: list[str]) -> Iterator[tuple[str, str]]:
    import tomllib

    known = {item.name for item in fields(Settings)}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        problems.append(f"{path} cannot be read: {error}. Mend or remove the file.")
        return
    for name, value in table.items():
        if name == "data" or name not in known:
            problems.append(f"{path}: {name!r} is no setting that this file can have. Remove the line.")
        else:
            yield name, ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _read(kind: Any, text: str) -> Any:
    """Turns a text into a value of the type; raises ValueError that continues the sentence `NAME ...`."""
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError(f"is {text!r}; it must be one of {', '.join(get_args(kind))}.")
        return text
    readers: dict[Any, Callable[[str], Any]] = {
        Path: _read_path,
        int: _read_int,
        Size: read_size,
        Size | Share: _read_budget,
        str: str,
        tuple[str, ...]: lambda given: tuple(part.strip() for part in given.split(",") if part.strip()),
    }
    return readers[kind](text)


def _read_path(text: str) -> Path:
    if not text:
        raise ValueError("is empty; give a directory.")
    return Path(text).expanduser().absolute()


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"is {text!r}; it must be a whole number.") from None


def read_size(text: str) -> Size:
    """Returns the bytes of `20MiB`, `1GB` or plain digits; raises ValueError that continues the sentence `NAME ...`."""
    stripped = text.strip()
    for unit, factor in UNITS.items():
        number = stripped.removesuffix(unit).strip()
        if stripped.endswith(unit) and number.isdecimal():
            return Size(int(number) * factor)
    if stripped.isdecimal():
        return Size(int(stripped))
    raise ValueError(f"is {text!r}; it must be a number of bytes such as 20MiB, 1GB or 1048576.")


def _read_budget(text: str) -> Size | Share:
    part = text.strip().removesuffix("%").strip()
    if not text.strip().endswith("%"):
        return read_size(text)
    if part.isdecimal() and 1 <= int(part) <= 100:
        return Share(int(part))
    raise ValueError(f"is {text!r}; it must be a number of bytes such as 20GiB, or a part such as 50%.")


def _contradictions(settings: Settings) -> Iterator[str]:
    for name in ("port", "smtp_port"):
        value = getattr(settings, name)
        if not 0 <= value <= 65535:
            yield f"KAPUT_{name.upper()} is {value}; a port is a number from 0 to 65535."
    yield from _retention_contradictions(settings)
    if settings.url and (urlsplit(settings.url).scheme not in {"http", "https"} or not urlsplit(settings.url).hostname):
        yield f"KAPUT_URL is {settings.url!r}; it must look like https://kaput.example.org or .../prefix."
    if "@" in urlsplit(settings.url).netloc:
        yield "KAPUT_URL holds a login; it would stand in every mail. Leave the part before the @ out."
    for name in ("trusted_proxies", "channel_networks"):
        yield from _no_networks(f"KAPUT_{name.upper()}", getattr(settings, name))
    if settings.smtp_user and not settings.smtp_password:
        yield "KAPUT_SMTP_USER is set without KAPUT_SMTP_PASSWORD; set both, or neither."
    if settings.smtp_ca and not Path(settings.smtp_ca).is_file():
        yield f"KAPUT_SMTP_CA is {settings.smtp_ca!r}, which is no file; give one with certificates in PEM form."
    yield from _unbounded(settings)
    if settings.max_unpacked < settings.max_body:
        yield "KAPUT_MAX_UNPACKED is smaller than KAPUT_MAX_BODY; raise it or lower the other."


def _no_networks(name: str, networks: tuple[str, ...]) -> Iterator[str]:
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            yield f"{name} has {network!r}; each must be an address or a network such as 10.0.0.0/8."


def _unbounded(settings: Settings) -> Iterator[str]:
    """Yields what is wrong with the bounds of processes and attachments."""
    if not 0 <= settings.accept_processes <= 2:
        yield f"KAPUT_ACCEPT_PROCESSES is {settings.accept_processes}; it must be 0, 1 or 2."
    if settings.digest_processes < 0:
        yield f"KAPUT_DIGEST_PROCESSES is {settings.digest_processes}; it must be 0 or more."
    largest = _text(LARGEST_ATTACHMENT)
    if settings.max_attachment > LARGEST_ATTACHMENT:
        yield f"KAPUT_MAX_ATTACHMENT is {_text(settings.max_attachment)}; it can be {largest} at most."
    if settings.max_attachments < 0:
        yield f"KAPUT_MAX_ATTACHMENTS is {settings.max_attachments}; it must be 0 or more."
    if not 0 <= settings.attachment_share <= 100:
        yield f"KAPUT_ATTACHMENT_SHARE is {settings.attachment_share}; a share is a number from 0 to 100."


def _retention_contradictions(settings: Settings) -> Iterator[str]:
    if settings.retention_days < 0:
        yield f"KAPUT_RETENTION_DAYS is {settings.retention_days}; it must be a number of days, or 0 for no limit."
    most = settings.retention_events_per_issue
    if most and not 2 <= most <= MOST_EVENTS_PER_ISSUE:
        yield (
            f"KAPUT_RETENTION_EVENTS_PER_ISSUE is {most}; it must be from 2 to"
            f" {MOST_EVENTS_PER_ISSUE}, or 0 for no limit."
        )


def _mail_domain(host: str) -> str:
    """Returns what stands behind the @ for a host: an address without a name is in brackets (RFC 5321, 4.1.3)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"


def _label(name: str, source: str) -> str:
    if source == "environment":
        return ENVIRONMENT_PREFIX + name.upper()
    return f"--{name.replace('_', '-')}" if source == "flag" else f"{source}: {name}"


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, Share):
        return f"{int(value)}%"
    if isinstance(value, Size):
        return next(
            (f"{value // f}{u}" for u, f in reversed(UNITS.items()) if f > 1 and value and value % f == 0),
            str(int(value)),
        )
    return str(value)


def _type_name(name: str) -> str:
    kind = get_type_hints(Settings)[name]
    if get_origin(kind) is Literal:
        return " | ".join(get_args(kind))
    return {Path: "directory", int: "number", Size: "size", Size | Share: "size | part", str: "text"}.get(kind, "list")
