"""An invented municipality's working weeks, lived through with the real daemon against the sandbox."""

from watchdaemon.demo.show import run_demo

__all__ = ["run_demo"]
