"""The explorer in a browser: matplotlib's own WebAgg, on this machine and for nobody else.

It listens on 127.0.0.1 only. A request that names another host (so does a foreign page whose
name has been pointed at this machine) or comes from a page of another origin is refused, and a
path that is not known gets 404.

Where to go next: ``command.py``.
"""

from __future__ import annotations

import asyncio
import os
import re
import webbrowser
from collections.abc import Callable
from socket import create_server, socket
from typing import Any

from matplotlib.backends.backend_webagg import WebAggApplication
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.web import ErrorHandler
from tornado.websocket import WebSocketClosedError

ADDRESS, PORT = "127.0.0.1", 8988
# What the page asks for, and nothing else: itself, its parts, its pictures and events.
PATHS = re.compile(r"/|/(1/ws|favicon\.ico|js/mpl\.js|_static/(css|js)/\w+\.\w+|_images/\w+\.png)")
# The figure fills the page. WebAgg sizes its canvas once it is connected: only then does the
# page say how large it is, and the figure follows.
HEAD = b"""
    <title>mlp-demo explore</title>
    <style>
      body { margin: 0; overflow: hidden; }
      #figure { margin: 0 !important; }
      #figure div[tabindex] { border: 0 !important; resize: none !important; }
      #figure div[style*=" width:"] { width: 100vw !important; height: 100vh !important; }
      .ui-dialog-titlebar, .mpl-toolbar button, .mpl-toolbar select { display: none; }
      .mpl-toolbar { position: fixed; right: 1.4vw; top: 6.3vh; width: auto; z-index: 9; }
      .mpl-toolbar { margin: 0; border: 0; pointer-events: none; }
      .mpl-message { background: white; font: 1.2vw sans-serif; }
    </style>
  </head>"""


class Page(WebAggApplication.SingleFigurePage):
    """WebAgg's page of the one figure there is, without its title and buttons."""

    def get(self, fignum: Any = 1) -> None:
        """Answer with the page."""
        super().get(fignum)  # type: ignore[no-untyped-call]

    def render_string(self, *args: Any, **kwargs: Any) -> bytes:
        """Return the page with our head."""
        page: bytes = super().render_string(*args, **kwargs)
        return page.replace(b"<title>matplotlib</title>", b"").replace(b"</head>", HEAD)


class Socket(WebAggApplication.WebSocket):
    """WebAgg's connection, which minds no page that has been closed."""

    def write_message(self, *args: Any, **kwargs: Any) -> Any:
        """Send a message, if somebody is there."""
        try:
            sent = super().write_message(*args, **kwargs)
        except WebSocketClosedError:
            return None
        sent.add_done_callback(lambda done: done.exception())
        return sent


class Application(WebAggApplication):
    """WebAgg's server, which answers this machine's own page and no other."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.hosts: set[str] = set()
        self.settings["log_function"] = lambda handler: None
        self.add_handlers(".*", [("/", Page), (r"/([0-9]+)/ws", Socket)])

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Return what answers a request: for a foreign one a refusal."""
        origin = request.headers.get("Origin")
        status = 200 if PATHS.fullmatch(request.path) else 404
        if request.host not in self.hosts or (origin and origin != f"http://{request.host}"):
            status = 403
        if status != 200:
            return self.get_handler_delegate(request, ErrorHandler, {"status_code": status})
        return super().find_handler(request, **kwargs)

    def begin(self, where: socket) -> str:
        """Answer what comes in, and return the address."""
        where.setblocking(False)
        HTTPServer(self).add_socket(where)
        port = where.getsockname()[1]
        self.hosts = {f"{name}:{port}" for name in (ADDRESS, "localhost")}
        return f"http://{ADDRESS}:{port}/"


def listening(port: int | None) -> socket:
    """Return where to listen; without a port on the usual one, or any that is free.

    Raises
    ------
    OSError
        If the port is in use.
    """
    try:
        return create_server((ADDRESS, PORT if port is None else port))
    except OSError as error:
        if port is not None:
            why = f"port {port}: {os.strerror(error.errno or 0).lower()}"
            raise OSError(
                error.errno, f"{why}; without --port any that is free is taken"
            ) from None
        return create_server((ADDRESS, 0))


def serve(port: int | None, opens: bool, say: Callable[[str], object]) -> None:
    """Serve WebAgg's figure 1 until Ctrl-C.

    Parameters
    ----------
    port : int or None
        Where to listen; None: on the usual port, or any that is free.
    opens : bool
        Whether to open the page.
    say : callable (address)
        Called when it can be asked.

    Raises
    ------
    OSError
        If the port is in use.
    """

    async def forever() -> None:
        address = Application().begin(listening(port))
        say(address)
        if opens:
            webbrowser.open(address)
        await asyncio.Event().wait()

    asyncio.run(forever())
