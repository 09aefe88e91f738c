"""The services behind a lab: fakes of APIs and gateways, and the wire that serves them."""
