"""Kinds of hooks, one file each.

A hook module holds `Options` and `call(options, event)`, which returns when the hook has taken the
event and else raises an exception of `trainers.retraining.hooks.outcomes`. A hook of another
package is called in a child process, for as long as the field `timeout_seconds` of its options
says; those of this folder are called in the run's process and keep such a limit themselves.
"""
