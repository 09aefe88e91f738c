"""How programs get to a lab: its port, the redirect in this process, and what child processes need.

Sockets come in here and nowhere else of the lab's own code, late, and only when asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pushlab.errors import MisuseError
from pushlab.views import Endpoints
from pushlab_fakes.wire.mail_ports import MailPorts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pushlab.child.guidance import Guidance
    from pushlab_fakes.directory import Directory
    from pushlab_fakes.wire.edge import Listener
    from pushlab_fakes.wire.redirect import Redirect
    from pushlab_fakes.wire.serving import Served
    from pushlab_fakes.wire.ways import Ways

__all__ = ["Reach"]


class Reach:
    """The ways to one lab, until `close`."""

    def __init__(self, served: Served, directory: Directory) -> None:
        self._served = served
        self._directory = directory
        self.mail_ports = MailPorts(served)
        self._listener: Listener | None = None
        self._redirect: Redirect | None = None
        self._guidance: list[Guidance] = []
        """The last one leads; the files of the others may still be in use."""

    # -- by address ----------------------------------------------------------------------------

    def serve(self, *, host: str = "127.0.0.1", port: int = 0) -> Endpoints:
        """Open the port, for clients with a base URL of their own."""
        self._listen(host, port)
        return self.endpoints

    def _listen(self, host: str = "127.0.0.1", port: int = 0) -> Listener:
        if self._listener is None:
            from pushlab_fakes.wire.edge import Edge

            self._listener = Edge.shared().borrow(self._served, host=host, port=port)
        return self._listener

    @property
    def endpoints(self) -> Endpoints:
        """Where the fakes answer; raises MisuseError before `serve`."""
        if self._listener is None:
            raise MisuseError("this lab has no port; call lab.serve() first")
        return Endpoints(self._listener, self.mail_ports)

    # -- by name, in this process --------------------------------------------------------------

    def redirect(self, allow: Sequence[str] = (), smtp_hosts: Sequence[str] = ()) -> None:
        """Lead the vendors' hosts, and all mail, to the lab, for every client in this process.

        That is HTTP/1.1 and HTTP/2 at the vendors' names, and SMTP at whatever host, as long as
        its port is one of mail's (25, 465, 587, 2525). *allow* names hosts that are really
        reached. *smtp_hosts* names mail servers that are led on port 1025 too, and this machine's
        own (``localhost``), which are left alone otherwise.
        """
        from pushlab_fakes.wire.redirect import Redirect

        redirect = Redirect(self._listen(), self._list_hosts(), allow=allow)
        if self._redirect is not None:
            redirect.mail = self._redirect.mail
            self._redirect.remove()
        redirect.mail.catch(self.mail_ports)
        redirect.install()
        self._redirect = redirect
        self.redirect_smtp(*smtp_hosts)

    def redirect_smtp(self, *hosts: str) -> None:
        """Lead mail for *hosts*, on the ports by custom, to the lab, for every client here.

        ``localhost`` is led on its ports 25, 465, 587, 1025 and 2525 alone.
        """
        if self._redirect is None and hosts:
            from pushlab_fakes.wire.redirect import Redirect

            redirect = Redirect(self._listen(), (), ())
            redirect.install()
            self._redirect = redirect
        for host in hosts:
            assert self._redirect is not None, "made a moment ago"
            self._redirect.mail.add(host, self.mail_ports)

    def _list_hosts(self) -> list[str]:
        return [host for place in self._directory.places for host in place.hosts]

    # -- by variables, in child processes ------------------------------------------------------

    def environment(
        self,
        inherited: Mapping[str, str] | None = None,
        *,
        allow: Sequence[str] = (),
        smtp_hosts: Sequence[str] = (),
    ) -> dict[str, str]:
        """Return the whole environment for a child process whose vendors are this lab.

        For ``subprocess.run(command, env=lab.environment())``, whatever language the command is
        written in. It is *inherited* (this process's own) with what leads there put over it. Hosts
        that are neither vendors' nor on this machine are refused unless *allow* names them, mail
        servers unless *smtp_hosts* does.
        """
        from pushlab.child.guidance import Guidance
        from pushlab.child.variables import Lead, compose

        base = dict(os.environ if inherited is None else inherited)
        guidance = Guidance(
            self._listen(),
            self.mail_ports,
            self._list_hosts(),
            allow=allow,
            mail_hosts=smtp_hosts,
            advice=(
                'To let the child reach it, write lab.environment(allow=["{}"])',
                'To have its mail taken, write lab.environment(smtp_hosts=["{}"])',
            ),
        )
        self._guidance.append(guidance)
        return base | compose(Lead(guidance.write(base), self.endpoints.document()), base)

    @property
    def ways(self) -> Ways | None:
        """The guard of the proxy; None while no child needs one."""
        return self._guidance[-1].ways if self._guidance else None

    # -- the end -------------------------------------------------------------------------------

    @property
    def refused(self) -> list[str]:
        """Sentences about hosts that were refused, here and in children."""
        refused = self._redirect.refused if self._redirect is not None else []
        found = [refusal.strerror or str(refusal) for refusal in refused]
        return [*found, *(text for each in self._guidance for text in each.ways.refused.values())]

    def close(self) -> None:
        """Undo the redirect, remove the children's files, close the ports."""
        if self._redirect is not None:
            self._redirect.remove()
        for guidance in self._guidance:
            guidance.close()
        self.mail_ports.release()
        if self._listener is not None:
            self._listener.release()
