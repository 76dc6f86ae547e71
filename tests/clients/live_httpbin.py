"""A pytest plugin: the fixtures of pytest-httpbin, for servers that run already.

HTTPBIN_URL and HTTPBIN_SECURE_URL say where, HTTPBIN_REMOTE_URL where another host is.
HTTPBIN_LEAST says how many tests that use them have to pass: a run in which they were skipped, or
not found, is a failure too. Those that do not use them judge something else: they are left out.
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


@pytest.fixture(scope="session")
def remote_httpbin():
    return Server(os.environ["HTTPBIN_REMOTE_URL"])


@pytest.fixture(scope="session")
def httpbin_with_chunked_support(httpbin):
    return httpbin


@pytest.hookimpl(tryfirst=True)
def pytest_plugin_registered(plugin):
    """HTTPie's conftest.py looks for these two in the internet: before pytest reads its fixtures,
    they become ours."""
    for fixture in (remote_httpbin, httpbin_with_chunked_support):
        if hasattr(plugin, fixture.__name__):
            setattr(plugin, fixture.__name__, fixture)


class Tally:
    """Leaves out the tests that do not use the servers, and counts those that passed."""

    SERVERS = {"httpbin", "httpbin_secure", "remote_httpbin", "httpbin_with_chunked_support"}

    def __init__(self):
        self.chosen, self.passed = 0, set()

    def uses_server(self, item):
        # A test may have its fixture's name as a parameter, too.
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        names = {*item.fixturenames, *(name for name in parameters if isinstance(name, str))}
        return bool(names & self.SERVERS)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        items[:] = [item for item in items if self.uses_server(item)]
        self.chosen = len(items)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_sessionfinish(self, session):
        if len(self.passed) < int(os.environ["HTTPBIN_LEAST"]):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        least = os.environ["HTTPBIN_LEAST"]
        terminalreporter.write_line(
            f"{len(self.passed)} of {self.chosen} tests with httpbin passed; {least} have to"
        )


def pytest_configure(config):
    config.pluginmanager.register(Tally())
