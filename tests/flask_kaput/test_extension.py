"""The extension: set up directly and in factories, for several applications, light to import."""

import subprocess
import sys

import pytest
from flask import Flask

from flask_kaput import ConfigurationError, Kaput, State, state_of

DSN = "http://key@127.0.0.1:9110/1"


def test_a_factory_and_the_direct_form_set_up_the_same() -> None:
    """`Kaput(app)` and `init_app` leave their state in the application's extensions."""
    direct, made = Flask("direct"), Flask("made")
    Kaput(direct, dsn=DSN)
    Kaput(dsn=DSN).init_app(made)
    assert [state_of(app).settings.dsn for app in (direct, made)] == [DSN, DSN]
    assert isinstance(direct.extensions["kaput"], State)
    for app in (direct, made):
        state_of(app).close()


def test_applications_of_one_process_have_their_own_settings() -> None:
    """One extension object serves two applications, each with its own configuration."""
    kaput = Kaput()
    first, second = Flask("first"), Flask("second")
    first.config.update(KAPUT_DSN=DSN, KAPUT_RELEASE="1")
    second.config.update(KAPUT_DSN="http://other@127.0.0.1:9110/2", KAPUT_RELEASE="2")
    kaput.init_app(first)
    kaput.init_app(second)
    assert (state_of(first).settings.release, state_of(second).settings.release) == ("1", "2")
    for app in (first, second):
        state_of(app).close()


def test_a_second_set_up_is_refused() -> None:
    """An application gets the extension once."""
    app = Flask("app")
    kaput = Kaput(app, dsn=DSN)
    with pytest.raises(RuntimeError, match="has a Kaput already"):
        kaput.init_app(app)
    state_of(app).close()


def test_wrong_settings_leave_nothing_behind() -> None:
    """An application with wrong settings has no extension afterwards, and says so when asked."""
    app = Flask("app")
    with pytest.raises(ConfigurationError):
        Kaput(app, dsn="nonsense")
    with pytest.raises(LookupError, match="has no Kaput"):
        state_of(app)


def test_the_import_is_light() -> None:
    """An application that reports to a server loads neither the store nor the server for it."""
    program = (
        "import sys; from flask import Flask; from flask_kaput import Kaput; Kaput(Flask('app'), dsn=sys.argv[1]);"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'sqlalchemy', 'alembic', 'uvicorn', 're2'}))"
    )
    done = subprocess.run([sys.executable, "-c", program, DSN], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n", done.stderr
