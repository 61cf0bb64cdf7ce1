"""The plugin through a running exporter (`--from-exporter`): asks it, and prints what it says.

Thousands of these start every few minutes, so nothing is imported here that a moment's work does not need: neither the
core nor a library, and of the standard library no dataclasses, no HTTP client and, but for https, no TLS.
"""
