"""Clients of HTTP as people write them, each a function from URL to the decoded JSON answer.

Those called old are made when this module is imported, so before any redirect; that is where
applications make theirs. None is told of a CA, an address or a proxy.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import certifi
import httpx
import onesignal
import requests
import urllib3
from onesignal.api import default_api

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CLIENTS", "VENDOR_CLIENTS", "close_old_clients", "strict_context"]

TIMEOUT_S = 10.0
APP_ID = "8f7c9c4e-1a55-4ff1-8d0e-0d9b6a0f3f2a"


def strict_context() -> ssl.SSLContext:
    """Make a context as Python 3.13 and newer do."""
    context = ssl.create_default_context()
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


OLD_CONTEXT = ssl.create_default_context()
OLD_SESSION = requests.Session()
OLD_POOL = urllib3.PoolManager()
OLD_POOL_WITH_CERTIFI = urllib3.PoolManager(ca_certs=certifi.where())
OLD_HTTPX = httpx.Client()
OLD_HTTPX_WITHOUT_ENVIRONMENT = httpx.Client(trust_env=False)
OLD_OPENER = urllib.request.build_opener(urllib.request.HTTPSHandler(context=OLD_CONTEXT))
OLD_ONESIGNAL = onesignal.ApiClient(onesignal.Configuration(rest_api_key="os_v2_app_made_up"))


def close_old_clients() -> None:
    """Give back the sockets of the old clients; those that can open anew stay usable."""
    OLD_SESSION.close()
    OLD_POOL.clear()
    OLD_POOL_WITH_CERTIFI.clear()
    OLD_ONESIGNAL.rest_client.pool_manager.clear()
    OLD_HTTPX._transport.close()
    OLD_HTTPX_WITHOUT_ENVIRONMENT._transport.close()


def _requests(url: str) -> Any:
    return requests.get(url, timeout=TIMEOUT_S).json()


def _requests_old(url: str) -> Any:
    return OLD_SESSION.get(url, timeout=TIMEOUT_S).json()


def _requests_new_session(url: str) -> Any:
    with requests.Session() as session:
        return session.get(url, timeout=TIMEOUT_S).json()


def _urllib3_new(url: str) -> Any:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url, timeout=TIMEOUT_S).json()


def _urllib3_old(url: str) -> Any:
    return OLD_POOL.request("GET", url, timeout=TIMEOUT_S).json()


def _urllib3_old_with_certifi(url: str) -> Any:
    return OLD_POOL_WITH_CERTIFI.request("GET", url, timeout=TIMEOUT_S).json()


def _httpx_new(url: str) -> Any:
    return httpx.get(url, timeout=TIMEOUT_S).json()


def _httpx_old(url: str) -> Any:
    return OLD_HTTPX.get(url, timeout=TIMEOUT_S).json()


def _httpx_old_without_environment(url: str) -> Any:
    return OLD_HTTPX_WITHOUT_ENVIRONMENT.get(url, timeout=TIMEOUT_S).json()


def _httpx_async(url: str) -> Any:
    async def ask() -> Any:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            return (await client.get(url)).json()

    return asyncio.run(ask())


def _httpx_trio(url: str) -> Any:
    import trio

    async def ask() -> Any:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            return (await client.get(url)).json()

    return trio.run(ask)


def _aiohttp(url: str) -> Any:
    async def ask() -> Any:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.json()

    return asyncio.run(asyncio.wait_for(ask(), TIMEOUT_S))


def _aiohttp_with_environment(url: str) -> Any:
    async def ask() -> Any:
        async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as answer:
            return await answer.json()

    return asyncio.run(asyncio.wait_for(ask(), TIMEOUT_S))


def _asyncio_streams(url: str) -> Any:
    async def ask() -> Any:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        reader, writer = await asyncio.open_connection(
            parts.hostname, 443 if secure else 80, ssl=secure or None
        )
        head = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.hostname}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    return asyncio.run(asyncio.wait_for(ask(), TIMEOUT_S))


def _http_client(url: str) -> Any:
    return _ask_http_client(url, ssl.create_default_context())


def _http_client_old_context(url: str) -> Any:
    return _ask_http_client(url, OLD_CONTEXT)


def _http_client_strict(url: str) -> Any:
    return _ask_http_client(url, strict_context())


def _http_client_unverified(url: str) -> Any:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return _ask_http_client(url, context)


def _ask_http_client(url: str, context: ssl.SSLContext) -> Any:
    parts = urlsplit(url)
    assert parts.hostname
    connection = (
        http.client.HTTPSConnection(parts.hostname, timeout=TIMEOUT_S, context=context)
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.hostname, timeout=TIMEOUT_S)
    )
    with closing(connection):
        connection.request("GET", parts.path)
        return json.loads(connection.getresponse().read())


def _urllib(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
        return json.loads(answer.read())


def _urllib_old(url: str) -> Any:
    with OLD_OPENER.open(url, timeout=TIMEOUT_S) as answer:
        return json.loads(answer.read())


CLIENTS: dict[str, Callable[[str], Any]] = {
    "requests": _requests,
    "requests, new session": _requests_new_session,
    "requests, old session": _requests_old,
    "urllib3, new pool": _urllib3_new,
    "urllib3, old pool": _urllib3_old,
    "urllib3, old pool with certifi": _urllib3_old_with_certifi,
    "httpx": _httpx_new,
    "httpx, old client": _httpx_old,
    "httpx, old client without environment": _httpx_old_without_environment,
    "httpx on asyncio": _httpx_async,
    "httpx on trio": _httpx_trio,
    "aiohttp": _aiohttp,
    "aiohttp with environment": _aiohttp_with_environment,
    "asyncio streams": _asyncio_streams,
    "http.client": _http_client,
    "http.client, old context": _http_client_old_context,
    "http.client, strict context": _http_client_strict,
    "http.client, unverified": _http_client_unverified,
    "urllib": _urllib,
    "urllib, old opener": _urllib_old,
}
"""Reached by URL, in clear text and under TLS."""


def _onesignal_old() -> Any:
    return default_api.DefaultApi(OLD_ONESIGNAL).get_user(APP_ID, "external_id", "alice")


def _onesignal_new() -> Any:
    with onesignal.ApiClient(onesignal.Configuration(rest_api_key="os_v2_app_made_up")) as client:
        answer = default_api.DefaultApi(client).get_user(APP_ID, "external_id", "alice")
        client.rest_client.pool_manager.clear()
        return answer


VENDOR_CLIENTS: dict[str, Callable[[], Any]] = {
    "onesignal-python-api, old": _onesignal_old,
    "onesignal-python-api, new": _onesignal_new,
}
"""The vendors' own, with their own constants; each asks for a user by an alias."""
