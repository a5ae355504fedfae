"""Hooks of continuous retraining: others are told what a run does, and some may stop it.

`run.ask` puts a question to the hooks that may veto; `outbox.put` and `run.flush` tell the others,
at least once each, in order, also after a crash. A failing hook is recorded and changes nothing.
"""
