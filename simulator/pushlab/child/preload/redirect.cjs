// Leads the vendors' hosts to a lab, in a Node program that was started with its variables.
//
// Node loads this file by itself at start, found by NODE_OPTIONS. Every connection that Node makes
// (fetch, https, http2, tls, mail) passes the method that is replaced here, whatever library asked
// for it and whether or not it knows of proxies. TLS goes on under the vendor's name; the lab's
// certificates are trusted by NODE_EXTRA_CA_CERTS.
"use strict";

const fs = require("node:fs");
const net = require("node:net");

const LOCAL_NAMES = ["localhost", "127.0.0.1", "::1"];
const ANSWER_WAIT_MS = 5000;

function isUnder(name, domains) {
  return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}

function plainName(host) {
  return typeof host === "string" ? host.toLowerCase().replace(/\.$/, "") : "";
}

class Redirect {
  constructor(told) {
    this.told = told;
  }

  leads(name) {
    const { allow, hosts } = this.told;
    if (allow.includes(name)) return false;
    return hosts.some((host) => name === host || (host.startsWith(".") && name.endsWith(host)));
  }

  // Return where a connection really goes, null where it wanted to, "refused" for nowhere.
  find(host, port) {
    const { allow, domains, mail_guarded, mail_hosts, mail_ports, ports, target } = this.told;
    const name = plainName(host);
    if (mail_hosts.includes(name) && mail_ports[port]) return mail_ports[port];
    if (!name || LOCAL_NAMES.includes(name)) return null;
    if (this.leads(name)) return ports.includes(port) ? target : "refused";
    if (isUnder(name, allow) || allow.includes(name)) return null;
    if (isUnder(name, domains)) return "refused";
    const isLocal = name.startsWith("127.");
    return mail_guarded.includes(port) && !isLocal ? "refused" : null;
  }

  // Ask the lab why it refuses a host, so that it knows of it too, and give its sentence.
  askWhy(connect, name, port, give) {
    const [host, own] = this.told.target;
    const asking = new net.Socket();
    let said = "";
    const end = (text) => {
      asking.destroy();
      const give_once = give;
      give = () => {};
      give_once(text || `pushlab: ${name}:${port} is not served`);
    };
    asking.setTimeout(ANSWER_WAIT_MS, () => end(""));
    asking.on("error", () => end(""));
    asking.on("close", () => end(""));
    asking.on("data", (data) => {
      said += data.toString("latin1");
      const line = said.split("\r\n")[0];
      if (said.includes("\r\n")) end(line.split(" - ").slice(1).join(" - "));
    });
    connect.call(asking, { host, port: own }, () => {
      asking.write(`CONNECT ${name}:${port} HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
    });
  }

  patch() {
    const redirect = this;
    const connect = net.Socket.prototype.connect;
    net.Socket.prototype.connect = function connectOrRedirect(...args) {
      const [options, callback] = readArguments(args);
      const port = Number(options.port);
      const to = options.path || !port ? null : redirect.find(options.host ?? "localhost", port);
      if (to === null) return connect.apply(this, args);
      if (to !== "refused") {
        const [host, own] = to;
        // The options belong to the caller, who may look at its host again under TLS.
        const led = { ...options, host, port: own, lookup: undefined, family: undefined };
        return callback ? connect.call(this, led, callback) : connect.call(this, led);
      }
      this.connecting = true;
      redirect.askWhy(connect, plainName(options.host), port, (text) => {
        const error = new Error(text);
        error.code = "ENOTFOUND";
        error.syscall = "getaddrinfo";
        error.hostname = options.host;
        this.connecting = false;
        this.destroy(error);
      });
      return this;
    };
  }
}

// Read what Socket.connect may be given: options, or a port and a host, or what net has made of
// either, an array; then perhaps a listener.
function readArguments(args) {
  if (Array.isArray(args[0])) return [args[0][0] ?? {}, args[0][1]];
  const last = args[args.length - 1];
  const callback = typeof last === "function" ? last : undefined;
  if (args[0] !== null && typeof args[0] === "object") return [args[0], callback];
  if (typeof args[0] === "string" && !/^\d+$/.test(args[0])) return [{ path: args[0] }, callback];
  return [{ port: args[0], host: typeof args[1] === "string" ? args[1] : undefined }, callback];
}

function begin() {
  const path = process.env.PUSHLAB_REDIRECT;
  if (!path) return;
  let told;
  try {
    told = JSON.parse(fs.readFileSync(path, "utf8"));
  } catch {
    return; // The lab is closed.
  }
  new Redirect(told).patch();
}

begin();
