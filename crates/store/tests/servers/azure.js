// Creates the container `bucket` on the Azure server at the address given, with the account that every such server has;
// with a name too, puts what comes in as that object. What is in the container can be read without the account.
const [address, name] = process.argv.slice(1);
const [host, port] = address.split(":");
const account = "devstoreaccount1";
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const body = require("fs").readFileSync(0);
const described = {
  ...(name ? { "x-ms-blob-type": "BlockBlob" } : { "x-ms-blob-public-access": "container" }),
  "x-ms-date": new Date().toUTCString(),
  "x-ms-version": "2021-12-02",
};
const path = `/${account}/bucket` + (name ? `/${name}` : "");
const signed = [
  "PUT",
  "",
  "",
  body.length || "",
  ...Array(8).fill(""),
  ...Object.entries(described).map(([header, value]) => `${header}:${value}`),
  `/${account}${path}`,
  ...(name ? [] : ["restype:container"]),
].join("\n");
const signature = require("crypto").createHmac("sha256", Buffer.from(key, "base64")).update(signed).digest("base64");
const authorization = `SharedKey ${account}:${signature}`;
const headers = { ...described, "content-length": body.length, authorization };
const query = name ? "" : "?restype=container";
const request = require("http").request({ host, port, method: "PUT", path: path + query, headers });
request.on("response", (answer) => process.exit(answer.statusCode === 201 ? 0 : 1));
request.end(body);
