//! The same calls against a real S3 server, where `moto_server` can be started.

use crate::sandbox::{START, Sandbox, batch, child, count, parquet_grouped, ready, timed};
use parquet::basic::Compression;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use store::{Columns, Error};

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn captures_and_results_on_s3() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let server = Command::new("moto_server")
        .args(["-H", "127.0.0.1", "-p", &port])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(server) = server else {
        println!("skipped: moto_server is not on PATH, so nothing was tested against S3");
        return;
    };
    let _server = Server(server);
    let address = format!("127.0.0.1:{port}");
    let up = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        TcpStream::connect(&address).is_ok()
    });
    assert!(up, "moto_server did not answer within 30 s");
    create_bucket(&address);
    let mut child = child("s3::on_the_server");
    child.env_clear().envs([
        ("AWS_ENDPOINT_URL", format!("http://{address}").as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
        ("STORE_TEST_S3", "1"),
    ]);
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn create_bucket(address: &str) {
    use std::io::{Read as _, Write as _};
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "PUT /bucket HTTP/1.1\r\nHost: {address}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=key/20130101/us-east-1/s3/aws4_request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// The child of [`captures_and_results_on_s3`], which gives it the address of its server; alone it has nothing to do.
#[test]
fn on_the_server() {
    if std::env::var_os("STORE_TEST_S3").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    let root = sandbox.location("s3://bucket/in");
    let file = parquet_grouped(&batch(START, 20), 10, Compression::SNAPPY);
    let tiny = parquet_grouped(&batch(START, 2), 10, Compression::SNAPPY);
    std::thread::scope(|scope| {
        for part in 0..8 {
            let (root, store, tiny) = (&root, &sandbox.store, &tiny);
            scope.spawn(move || {
                for i in (part..1_100).step_by(8) {
                    store.write(&root.join(&format!("many/{i:04}.parquet")).unwrap(), tiny.clone()).unwrap();
                }
            });
        }
    });
    let plan = sandbox.plan("s3://bucket/in/many").unwrap();
    assert_eq!(ready(&plan).len(), 1_100, "more than one page of the listing");
    assert_eq!(count(&sandbox.rows(plan, Columns::All)), 2_200);

    for name in ["odd/day=1/a b%ü.parquet", "odd/day=2/c+d=e.parquet"] {
        sandbox.store.write(&root.join(name).unwrap(), file.clone()).unwrap();
    }
    let plan = sandbox.plan("s3://bucket/in/odd/*/*.parquet").unwrap();
    assert_eq!(
        ready(&plan),
        ["s3://bucket/in/odd/day=1/a b%ü.parquet", "s3://bucket/in/odd/day=2/c+d=e.parquet"]
    );
    assert!(plan.sources[0].source.etag.as_deref().is_some_and(|etag| !etag.contains('"')));
    assert_eq!(count(&sandbox.rows(plan, Columns::Only(vec!["x".into(), "day".into()]))), 40);
    let one = "s3://bucket/in/odd/day=1/a b%ü.parquet";
    assert_eq!(ready(&sandbox.plan(one).unwrap()), [one]);

    let plan = std::sync::Arc::new(sandbox.plan(one).unwrap());
    sandbox.store.write(&sandbox.location(one), tiny).unwrap();
    let error =
        sandbox.store.scan(&plan, Columns::All, 1 << 20).next().unwrap().batches(None).next().unwrap();
    assert!(matches!(error, Err(Error::Changed { .. })), "{error:?}");

    let table = sandbox.location("s3://bucket/results/scores");
    for date in ["2013-01-02", "2013-01-01"] {
        let part = table.join(&format!("window_date={date}/part.parquet")).unwrap();
        sandbox.store.write_table(&part, &[batch(START, 5)]).unwrap();
    }
    assert_eq!(sandbox.store.read_table(&table, &|date| date > "2013-01-01").unwrap().len(), 1);
    assert_eq!(
        sandbox.store.list_folder(&table).unwrap(),
        ["window_date=2013-01-01", "window_date=2013-01-02"]
    );
    assert_eq!(sandbox.store.read(&table.join("none").unwrap()).unwrap(), None);

    let missing =
        sandbox.store.plan(&sandbox.location("s3://bucket/inn"), &timed(None), &|_| {}).unwrap_err();
    assert!(missing.to_string().contains("did you mean `in`?"), "{missing}");
    let bucket = sandbox.store.plan(&sandbox.location("s3://absent/x"), &timed(None), &|_| {}).unwrap_err();
    assert_eq!(bucket.to_string(), "nothing found at `s3://absent/x`: there is no such bucket");
}
