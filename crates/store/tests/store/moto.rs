//! An S3 server for a test, and the tests that run against it in a process with its address.

use crate::sandbox::child;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The variable that says to a test that it is the child of another, with a server.
const ASKED: &str = "STORE_TEST_S3";

/// A server with an empty bucket called `bucket`, which ends with the test.
pub(crate) struct Moto {
    process: Child,
    pub(crate) address: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Moto {
    /// Starts a server; where there is none to start, says so.
    pub(crate) fn start() -> Option<Self> {
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
            let server = Command::new("moto_server")
                .args(["-H", "127.0.0.1", "-p", &port])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let Ok(process) = server else {
                println!("skipped: moto_server is not on PATH, so nothing was tested against S3");
                return None;
            };
            let mut server = Self { process, address: format!("127.0.0.1:{port}") };
            if server.is_up() {
                let created = server.ask("PUT", "/bucket");
                assert!(created.starts_with("HTTP/1.1 200"), "{created}");
                return Some(server);
            }
        }
        panic!("moto_server did not stay five times")
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
        panic!("moto_server did not answer within 30 s")
    }

    /// The answer to a request without a body.
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
}

/// Runs a test of this binary in a process whose S3 is at `address`, with more variables; it has to pass.
pub(crate) fn run(test: &str, address: &str, variables: &[(&str, &str)]) {
    let mut child = child(test);
    child.env_clear().envs([
        ("AWS_ENDPOINT_URL", format!("http://{address}").as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
        (ASKED, "1"),
    ]);
    let output = child.envs(variables.iter().copied()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}\n{stderr}");
    print!("{stdout}");
}

/// Whether this is a test that [`run`] runs; alone it has nothing to do.
pub(crate) fn is_asked() -> bool {
    std::env::var_os(ASKED).is_some()
}
