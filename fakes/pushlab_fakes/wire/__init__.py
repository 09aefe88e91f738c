"""The only sockets of pushlab: what listens, what redirects to it, and what goes out."""
