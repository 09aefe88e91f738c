"""OneSignal: what its API believes of users and devices, and the calls that change it."""
