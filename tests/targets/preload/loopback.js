// Loaded by Node.js before the server, which would listen on all interfaces: it listens on a
// free port of 127.0.0.1 whatever it asks for, the URL goes to the pipe of the launcher, and the process ends with its launcher.
"use strict";

const fs = require("fs");
const net = require("net");

const HOST = "127.0.0.1";
const pipe = Number(process.env.TARGETS_PIPE);
const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function (port, ...more) {
  if (!/^\d+$/.test(port)) {
    throw new Error(`listen(${JSON.stringify(port)}): only listen(port, ...) is known here`);
  }
  const whenReady = more.filter((argument) => typeof argument === "function");
  this.once("listening", () => {
    const url = `http://${HOST}:${this.address().port}`;
    fs.writeSync(pipe, JSON.stringify({ url }) + "\n");
  });
  return listen.call(this, { port: 0, host: HOST }, ...whenReady);
};

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
