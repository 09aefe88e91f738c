"""Truth: what people and their devices really are and do, whatever any service believes.

- `columns`: one row for one app on one device;
- `fleet`: the rows, their names, and the verbs that change them, each with one body for a batch;
- `delivery`: what happens when a message reaches a device: shown or not, receipt, tap;
- `sdk`: what the app's SDK tells the service, and when;
- `android`, `ios`: what differs between platforms;
- `device`, `tray`: the objects that a test holds, made on demand.
"""
