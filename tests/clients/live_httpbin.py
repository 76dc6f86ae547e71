"""A pytest plugin: the fixtures of pytest-httpbin, for a server that runs already.

HTTPBIN_URL and HTTPBIN_SECURE_URL say where. HTTPBIN_LEAST says how many tests that use it have
to pass: a run in which they were skipped, or not found, is a failure too.
"""

import os
from urllib.parse import urljoin, urlsplit

import pytest
from pytest_httpbin import certs


class Server:
    """What the suites use of pytest-httpbin's own server."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.url, self.protocol = url, parts.scheme
        self.host, self.port = parts.hostname, parts.port

    def __add__(self, path):
        return self.url + path

    def __str__(self):
        return self.url

    def join(self, path, allow_fragments=True):
        return urljoin(self.url, path, allow_fragments)


@pytest.fixture(scope="session")
def httpbin():
    return Server(os.environ["HTTPBIN_URL"])


@pytest.fixture(scope="session")
def httpbin_secure():
    return Server(os.environ["HTTPBIN_SECURE_URL"])


@pytest.fixture(params=["http", "https"])
def httpbin_both(request, httpbin, httpbin_secure):
    return httpbin if request.param == "http" else httpbin_secure


@pytest.fixture
def httpbin_ca_bundle(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certs.where())
    return certs.where()


class Tally:
    """Counts the tests that used the server, and passed."""

    def __init__(self):
        self.users, self.passed = set(), set()

    def pytest_collection_modifyitems(self, items):
        for item in items:
            if any(name.startswith("httpbin") for name in item.fixturenames):
                self.users.add(item.nodeid)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed and report.nodeid in self.users:
            self.passed.add(report.nodeid)

    def pytest_sessionfinish(self, session):
        if len(self.passed) < int(os.environ["HTTPBIN_LEAST"]):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        least = os.environ["HTTPBIN_LEAST"]
        terminalreporter.write_line(
            f"{len(self.passed)} of {len(self.users)} tests with httpbin passed; {least} have to"
        )


def pytest_configure(config):
    config.pluginmanager.register(Tally())
