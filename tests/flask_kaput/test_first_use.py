"""The first use: once in each process, and never while an application is tested."""

import os

from flask import Flask

from flask_kaput.first_use import FirstUse


def test_duties_are_done_once_in_each_process() -> None:
    """A fork does them again for itself; further requests do not."""
    first_use, done = FirstUse(Flask("shop")), []
    first_use.add(lambda: done.append(os.getpid()))
    first_use.note()
    first_use.note()
    child = os.fork()
    if child == 0:
        first_use.note()
        os._exit(len(done))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert done == [os.getpid()]


def test_a_duty_that_fails_holds_up_no_other() -> None:
    """What goes wrong is logged, and the request goes on."""
    first_use, done = FirstUse(Flask("shop")), []
    first_use.add(lambda: done.append(1 // 0))
    first_use.add(lambda: done.append(1))
    first_use.note()
    assert done == [1]


def test_nothing_is_done_while_testing() -> None:
    """With `app.testing` no duty is done, whenever it is set."""
    app = Flask("shop")
    first_use, done = FirstUse(app), []
    first_use.add(lambda: done.append(1))
    app.testing = True
    first_use.note()
    assert done == []
