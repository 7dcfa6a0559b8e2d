//! Servers of object stores, started where their programs are on the path.
//!
//! `#[path = ".../store/tests/servers/mod.rs"] mod servers;` brings them into another test target, which needs `tempfile`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A server with an empty bucket called `bucket`, which ends with the test.
pub(crate) struct Server {
    process: Child,
    /// Where it listens, as `host:port`.
    pub(crate) address: String,
    /// The URL of its bucket.
    pub(crate) bucket: &'static str,
    kind: &'static Kind,
    /// What it keeps in files, if it does.
    pub(crate) folder: TempDir,
}

/// A program that can be a server.
struct Kind {
    program: &'static str,
    /// With `PORT`, `FOLDER` and `SCRIPT` in place of what they are.
    arguments: &'static str,
    bucket: &'static str,
    /// With `ADDRESS` in place of what it is.
    variables: &'static [(&'static str, &'static str)],
    /// Puts an object, or creates the bucket where the name is empty.
    put: fn(&Server, &str, &[u8]),
}

const S3: &[(&str, &str)] = &[
    ("AWS_ENDPOINT_URL", "http://ADDRESS"),
    ("AWS_ALLOW_HTTP", "true"),
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "not-to-be-shown"),
    ("AWS_REGION", "us-east-1"),
];

/// S3 with all conditions, and without signatures.
const MOTO: Kind = Kind {
    program: "moto_server",
    arguments: "-H 127.0.0.1 -p PORT",
    bucket: "s3://bucket",
    variables: S3,
    put: |server, name, content| {
        let path = format!("/bucket/{name}");
        let answer = server.ask("PUT", path.trim_end_matches('/'), content);
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    },
};

/// S3 with signatures, in files.
const S3S: Kind = Kind {
    program: "s3s-fs",
    arguments: "--host 127.0.0.1 --port PORT --access-key key --secret-key not-to-be-shown FOLDER",
    bucket: "s3://bucket",
    variables: S3,
    put: |server, name, content| {
        let path = server.folder.path().join("bucket").join(name);
        if name.is_empty() {
            return fs::create_dir(path).unwrap();
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    },
};

/// Azure.
const AZURITE: Kind = Kind {
    program: "azurite-blob",
    arguments: "--blobHost 127.0.0.1 --blobPort PORT -l FOLDER --silent --disableTelemetry --skipApiVersionCheck",
    bucket: "az://bucket",
    variables: &[("AZURE_STORAGE_USE_EMULATOR", "true"), ("AZURITE_BLOB_STORAGE_URL", "http://ADDRESS")],
    put: |server, name, content| {
        let mut node = Command::new("node");
        node.args(["-e", include_str!("azure.js"), &server.address, name]).stdin(Stdio::piped());
        let mut child = node.spawn().unwrap();
        child.stdin.take().unwrap().write_all(content).unwrap();
        assert!(child.wait().unwrap().success(), "{name}");
    },
};

/// Google Cloud Storage, by a server of our own: none that can be installed both lists and heeds conditions.
const GOOGLE: Kind = Kind {
    program: "python3",
    arguments: "-c SCRIPT PORT",
    bucket: "gs://bucket",
    variables: &[
        ("GOOGLE_ALLOW_HTTP", "true"),
        (
            "GOOGLE_SERVICE_ACCOUNT_KEY",
            r#"{"gcs_base_url": "http://ADDRESS", "disable_oauth": true, "client_email": "", "private_key_id": "",
                "private_key": "not-to-be-shown"}"#,
        ),
    ],
    put: MOTO.put,
};

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    pub(crate) fn moto() -> Option<Self> {
        Self::start(&MOTO)
    }

    pub(crate) fn s3s() -> Option<Self> {
        Self::start(&S3S)
    }

    pub(crate) fn azurite() -> Option<Self> {
        Self::start(&AZURITE)
    }

    pub(crate) fn google() -> Option<Self> {
        Self::start(&GOOGLE)
    }

    /// Starts a server; where there is none to start, says so.
    fn start(kind: &'static Kind) -> Option<Self> {
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
            let folder = tempfile::tempdir().unwrap();
            let arguments = kind.arguments.split(' ').map(|argument| match argument {
                "PORT" => port.clone(),
                "SCRIPT" => include_str!("google.py").to_owned(),
                "FOLDER" => folder.path().to_str().unwrap().to_owned(),
                other => other.to_owned(),
            });
            let mut command = Command::new(kind.program);
            let server = command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let Ok(process) = server else {
                println!("skipped: {} is not on PATH, so nothing was tested against it", kind.program);
                return None;
            };
            let address = format!("127.0.0.1:{port}");
            let mut server = Self { process, address, bucket: kind.bucket, kind, folder };
            if server.is_up() {
                server.put("", b"");
                return Some(server);
            }
        }
        panic!("{} ended five times", kind.program)
    }

    /// Waits until it answers; not when it ends, as it does when somebody else took its port meanwhile.
    fn is_up(&mut self) -> bool {
        for _ in 0..300 {
            std::thread::sleep(Duration::from_millis(100));
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect(&self.address).is_ok() {
                return true;
            }
        }
        panic!("{} did not answer within 30 s", self.kind.program)
    }

    /// Puts an object whose name has nothing to escape, as another program would.
    pub(crate) fn put(&self, name: &str, content: &[u8]) {
        (self.kind.put)(self, name, content);
    }

    /// The answer, with its head, to a request without a signature.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (address, length) = (&self.address, body.len());
        // S3 without signatures wants to know whose key it would be; Azure takes none.
        let key = "Authorization: AWS4-HMAC-SHA256 Credential=key/20130101/us-east-1/s3/aws4_request\r\n";
        let key = if self.bucket.starts_with("s3:") { key } else { "" };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{key}Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    /// What a program needs to know to find the server, at an address that may be another, as that of a proxy.
    pub(crate) fn variables(&self, address: &str) -> impl Iterator<Item = (&'static str, String)> {
        self.kind.variables.iter().map(move |(name, value)| (*name, value.replace("ADDRESS", address)))
    }
}
