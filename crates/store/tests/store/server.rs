//! Servers of object stores for tests, and the tests that run against them in a process with their address.

use crate::sandbox::child;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The variable that says to a test that it is the child of another, and where it is to work.
const ASKED: &str = "STORE_TEST_BUCKET";

/// A server with an empty bucket called `bucket`, which ends with the test.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
    kind: &'static Kind,
    _folder: TempDir,
}

/// A program that can be a server.
struct Kind {
    program: &'static str,
    /// With `PORT` and `FOLDER` in place of what they are.
    arguments: &'static str,
    bucket: &'static str,
    /// With `ADDRESS` in place of what it is.
    variables: &'static [(&'static str, &'static str)],
    create_bucket: fn(&Server),
}

const S3: &[(&str, &str)] = &[
    ("AWS_ENDPOINT_URL", "http://ADDRESS"),
    ("AWS_ALLOW_HTTP", "true"),
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_REGION", "us-east-1"),
];

/// S3 with all conditions, and without signatures.
const MOTO: Kind = Kind {
    program: "moto_server",
    arguments: "-H 127.0.0.1 -p PORT",
    bucket: "s3://bucket",
    variables: S3,
    create_bucket: |server| {
        let created = server.ask("PUT", "/bucket");
        assert!(created.starts_with("HTTP/1.1 200"), "{created}");
    },
};

/// S3 with signatures, in files.
const S3S: Kind = Kind {
    program: "s3s-fs",
    arguments: "--host 127.0.0.1 --port PORT --access-key key --secret-key secret FOLDER",
    bucket: "s3://bucket",
    variables: S3,
    create_bucket: |server| std::fs::create_dir(server._folder.path().join("bucket")).unwrap(),
};

/// Azure.
const AZURITE: Kind = Kind {
    program: "azurite-blob",
    arguments: "--blobHost 127.0.0.1 --blobPort PORT -l FOLDER --silent --disableTelemetry --skipApiVersionCheck",
    bucket: "az://bucket",
    variables: &[("AZURE_STORAGE_USE_EMULATOR", "true"), ("AZURITE_BLOB_STORAGE_URL", "http://ADDRESS")],
    create_bucket: |server| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/container.js");
        let created = Command::new("node").arg(script).arg(&server.address).status().unwrap();
        assert!(created.success());
    },
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

    /// Starts a server; where there is none to start, says so.
    fn start(kind: &'static Kind) -> Option<Self> {
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
            let folder = tempfile::tempdir().unwrap();
            let arguments = kind.arguments.split(' ').map(|argument| match argument {
                "PORT" => port.clone(),
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
            let mut server = Self { process, address, kind, _folder: folder };
            if server.is_up() {
                (kind.create_bucket)(&server);
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

    /// The answer to a request without a body or a signature.
    pub(crate) fn ask(&self, method: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let address = &self.address;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=key/20130101/us-east-1/s3/aws4_request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Runs a test of this binary in a process that finds the server, with more variables; it has to pass.
    pub(crate) fn run(&self, test: &str, variables: &[(&str, &str)]) {
        self.run_through(&self.address, test, variables);
    }

    /// The same with another address than the server's, as that of a proxy.
    pub(crate) fn run_through(&self, address: &str, test: &str, variables: &[(&str, &str)]) {
        let mut child = child(test);
        child.env_clear().env(ASKED, self.kind.bucket);
        child.envs(self.kind.variables.iter().map(|(name, value)| (name, value.replace("ADDRESS", address))));
        let output = child.envs(variables.iter().copied()).output().unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}\n{stderr}");
        print!("{stdout}");
    }
}

/// The bucket that a test works in when [`Server::run`] runs it; alone it has nothing to do.
pub(crate) fn asked() -> Option<String> {
    std::env::var(ASKED).ok()
}
