"""Suites in the format of fbp-spec: read, run against a coordinator, reported."""
