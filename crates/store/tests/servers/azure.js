// Creates the container `bucket` on the Azure server at the address given, with the account that every such server has.
const [host, port] = process.argv[2].split(":");
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const headers = { "x-ms-date": new Date().toUTCString(), "x-ms-version": "2021-12-02", "content-length": 0 };
const path = `/${account}/bucket`;
const signed = [
  "PUT",
  ...Array(11).fill(""),
  `x-ms-date:${headers["x-ms-date"]}`,
  `x-ms-version:${headers["x-ms-version"]}`,
  `/${account}${path}`,
  "restype:container",
].join("\n");
const signature = require("crypto").createHmac("sha256", Buffer.from(key, "base64")).update(signed).digest("base64");
headers.authorization = `SharedKey ${account}:${signature}`;
const request = require("http").request({ host, port, method: "PUT", path: `${path}?restype=container`, headers });
request.on("response", (answer) => process.exit(answer.statusCode === 201 ? 0 : 1));
request.end();
