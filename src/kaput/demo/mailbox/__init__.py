"""The mail catcher: takes every mail, delivers none, and shows them in the browser. Started by `kaput.demo.main`."""
