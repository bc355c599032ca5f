"""rattler's way to the network, with the credentials that we know of besides its own."""

from __future__ import annotations

from rattler import Client
from rattler.networking.middleware import (
    AddHeadersMiddleware,
    AuthenticationMiddleware,
    GCSMiddleware,
    MirrorMiddleware,
    OciMiddleware,
    RetryMiddleware,
    S3Middleware,
)

from conda_lockstep.lock.channels.access import Access


def client_for(access: Access, *, retries: int, seconds: int) -> Client:
    """Return a client whose requests get their credentials on the way, so that no cache sees a URL with them.

    A request may take ``seconds``. rattler finds its own key ring, authentication file and ``netrc`` besides.
    """
    tokens = access.tokens()
    return Client(
        [
            AddHeadersMiddleware(access.headers),
            *([MirrorMiddleware(tokens)] if tokens else []),
            RetryMiddleware(retries),
            AuthenticationMiddleware(),
            OciMiddleware(),
            GCSMiddleware(),
            S3Middleware(),
        ],
        timeout=seconds,
    )
