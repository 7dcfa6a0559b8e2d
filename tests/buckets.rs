//! The whole program against real servers of object stores: what it writes, what it reads again, what it never shows.

use std::process::Command;

use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{
    captures::{self, BACKFILL, Mood},
    sandbox::{Ran, Sandbox, files_below, holds},
    servers::Server,
};

/// What must be shown nowhere: the secret key, the session token, and the key of the account on Azure.
const SECRETS: [&str; 3] = ["not-to-be-shown", "nor-this-token", "Eby8vdM02x"];

/// A bucket, and a sandbox with the same captures and baseline.
pub(crate) struct Bucket<'a> {
    pub(crate) server: &'a Server,
    pub(crate) sandbox: Sandbox,
}

impl<'a> Bucket<'a> {
    /// Calm days to learn from, and as many captured days as asked for, the third of them shifted.
    pub(crate) fn with_captures(server: &'a Server, days: i64) -> Self {
        let sandbox = captures::with_baseline();
        let mood = |day| if day == 2 { Mood::Shifted } else { Mood::Calm };
        captures::write_days(&sandbox, "captures", 0..days, 200, mood);
        let bucket = Self { server, sandbox };
        for folder in ["captures", "good"] {
            for (name, content) in bucket.sandbox.files(folder) {
                server.put(&format!("{folder}/{name}"), &content);
            }
        }
        bucket
    }

    /// A command line with all its folders in the bucket.
    fn line(&self, line: &str) -> String {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap().to_owned();
        words.fold(command, |line, word| {
            let is_folder =
                ["captures", "good", "baseline", "results"].iter().any(|name| word.starts_with(name));
            if is_folder { format!("{line} {}/{word}", self.server.bucket) } else { format!("{line} {word}") }
        })
    }

    /// The program, which finds the server at an address and nothing else.
    pub(crate) fn command(&self, address: &str, line: &str) -> Command {
        let line = self.line(line);
        let mut command = self.sandbox.command(&line.split_whitespace().collect::<Vec<_>>());
        command.env_clear().envs(self.server.variables(address));
        command
    }

    #[track_caller]
    pub(crate) fn expect(&self, code: i32, line: &str) -> Ran {
        let mut command = self.command(&self.server.address, line);
        let ran: Ran = command.env("AWS_SESSION_TOKEN", SECRETS[1]).output().unwrap().into();
        assert_eq!(ran.code, code, "{line}\n{ran:#?}");
        shows_no_secret(line, format!("{}{}", ran.stdout, ran.stderr).as_bytes());
        ran
    }

    /// All objects below a folder of the bucket, by what follows it in their names.
    pub(crate) fn objects(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let (list, tag, root) = if self.server.bucket.starts_with("az:") {
            let list = "/devstoreaccount1/bucket?restype=container&comp=list&prefix=";
            (list, "Name", "/devstoreaccount1/bucket/")
        } else {
            ("/bucket?list-type=2&prefix=", "Key", "/bucket/")
        };
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        let listing = String::from_utf8(self.body(&format!("{list}{folder}/"))).unwrap();
        assert!(!listing.contains("<IsTruncated>true"), "more than a page");
        let names = listing.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap());
        let mut objects: Vec<_> = names
            .filter_map(|name| Some((name.strip_prefix(folder)?.strip_prefix('/')?, name)))
            .map(|(short, name)| {
                (short.to_owned(), self.body(&format!("{root}{}", name.replace('=', "%3D"))))
            })
            .collect();
        objects.sort();
        objects
    }

    fn body(&self, path: &str) -> Vec<u8> {
        // moto cannot list a bucket that others write to at that moment, and answers with 500.
        let mut answers = (0..20).map(|_| self.server.ask("GET", path, b""));
        let answer = answers.find(|answer| !answer.starts_with(b"HTTP/1.1 500")).unwrap_or_default();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer));
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let is_chunked = answer[..head].to_ascii_lowercase().windows(7).any(|word| word == b"chunked");
        if is_chunked { unchunked(&answer[head..]) } else { answer[head..].to_vec() }
    }
}

fn unchunked(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|end| end == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        body.extend_from_slice(&chunks[end + 2..end + 2 + length]);
        chunks = &chunks[end + 4 + length..];
    }
    body
}

/// Tables that do not say where the captures lie or which run did what.
pub(crate) fn tables(mut files: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let others = ["runs.parquet", "state.json.zst", "tables.json", "profiles/", "sources/"];
    files.retain(|(name, _)| !others.iter().any(|other| name.starts_with(other)));
    files
}

/// What differs between two sets of files; nothing when they are the same.
pub(crate) fn difference(found: &[(String, Vec<u8>)], expected: &[(String, Vec<u8>)]) -> Option<String> {
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    if names(found) != names(expected) {
        return Some(format!("{:?} in place of {:?}", names(found), names(expected)));
    }
    let other = found.iter().zip(expected).find(|(one, other)| one != other)?;
    Some(format!("{} differs", other.0.0))
}

/// All rows of a Parquet file, as text.
fn rows(content: &[u8]) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(content)).unwrap();
    let batches = reader.build().unwrap().map(Result::unwrap);
    batches
        .flat_map(|batch| {
            (0..batch.num_rows()).map(move |row| format!("{:?}", batch.slice(row, 1))).collect::<Vec<_>>()
        })
        .collect()
}

/// Asserts that tables in a bucket are to the byte those on the disk; violations, which name captures, but for where
/// these lie.
#[track_caller]
fn same(bucket: &Bucket<'_>, found: Vec<(String, Vec<u8>)>, folder: &str) {
    let expected = tables(bucket.sandbox.files(folder));
    assert!(expected.len() > 5, "too few tables to tell");
    let place = format!("{}/", bucket.server.bucket);
    let local = format!("{}/", bucket.sandbox.path("").canonicalize().unwrap().display()).replace("//", "/");
    let placed = |files: Vec<(String, Vec<u8>)>| {
        let moved = |(name, content): (String, Vec<u8>)| match name.starts_with("violations/") {
            true => (name, rows(&content).join("\n").replace(&place, "").replace(&local, "").into_bytes()),
            false => (name, content),
        };
        files.into_iter().map(moved).collect::<Vec<_>>()
    };
    let (found, expected) = (placed(tables(found)), placed(expected));
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        let texts = [found, expected].map(|text| String::from_utf8_lossy(text));
        let lines = texts[0].lines().zip(texts[1].lines()).find(|(found, expected)| found != expected);
        assert!(!name.starts_with("violations/") || lines.is_none(), "{name}: {lines:?}");
    }
    assert_eq!(difference(&found, &expected), None);
}

#[track_caller]
fn shows_no_secret(what: &str, bytes: &[u8]) {
    for secret in SECRETS {
        let shown = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!shown, "{what} shows {secret}");
    }
}

/// Looks for secrets in an object as it is, and in what is compressed in it.
fn keeps_no_secret(name: &str, content: &[u8]) {
    shows_no_secret(name, content);
    if name.ends_with(".zst") {
        shows_no_secret(name, &zstd::decode_all(content).unwrap());
    } else if name.ends_with(".parquet") {
        rows(content).iter().for_each(|row| shows_no_secret(name, row.as_bytes()));
    }
}

/// What must hold on every server, with all objects of the results as the server or its disk has them.
fn everything_in_a_bucket(bucket: &Bucket<'_>, objects: impl Fn(&str) -> Vec<(String, Vec<u8>)>) {
    let verbose = format!("{BACKFILL} -v");
    bucket.sandbox.expect(0, BACKFILL);
    bucket.expect(0, "baseline good --out baseline --timestamp ts --id id -v");
    bucket.expect(0, &verbose);
    same(bucket, objects("results"), "results");

    let again = bucket.expect(0, &format!("{BACKFILL} --format json")).json();
    assert_eq!((&again["files"]["read"], &again["windows"]["written"]), (&0.into(), &0.into()), "{again}");
    let plan = bucket.expect(0, &format!("{BACKFILL} --dry-run --format json")).json();
    assert_eq!((&plan["files"]["new"], &plan["files"]["reused"]), (&0.into(), &5.into()), "{plan}");
    let sources = bucket.expect(0, "sources results --format json").json();
    assert_eq!(sources["statuses"][0]["files"], 5, "{sources}");

    let rescore = "rescore results --baseline baseline --window 1w --out results-weekly";
    bucket.sandbox.expect(0, rescore);
    bucket.expect(0, &format!("{rescore} -v"));
    same(bucket, objects("results-weekly"), "results-weekly");

    let missing = bucket.expect(3, &verbose.replace("captures", "captures/none")).error();
    holds(&missing, &[&format!("{}/captures/none", bucket.server.bucket)]);
    for folder in ["results", "results-weekly", "baseline"] {
        for (name, content) in objects(folder) {
            assert!(!name.contains(".lease") && !name.contains("pending/"), "{folder}/{name} is left");
            keeps_no_secret(&name, &content);
        }
    }
    println!("{}: the same tables as on the local disk", bucket.server.bucket);
}

#[test]
fn on_moto_the_program_does_what_it_does_on_a_disk() {
    let Some(server) = Server::moto() else { return };
    let bucket = Bucket::with_captures(&server, 5);
    everything_in_a_bucket(&bucket, |folder| bucket.objects(folder));
}

#[test]
fn on_google_the_program_does_what_it_does_on_a_disk() {
    let Some(server) = Server::google() else { return };
    let bucket = Bucket::with_captures(&server, 5);
    everything_in_a_bucket(&bucket, |folder| bucket.objects(folder));
}

#[test]
fn on_azurite_the_program_does_what_it_does_on_a_disk() {
    let Some(server) = Server::azurite() else { return };
    let bucket = Bucket::with_captures(&server, 5);
    everything_in_a_bucket(&bucket, |folder| bucket.objects(folder));
}

#[test]
fn on_s3s_the_program_does_what_it_does_on_a_disk_and_a_wrong_key_is_refused() {
    let Some(server) = Server::s3s() else { return };
    let bucket = Bucket::with_captures(&server, 5);
    everything_in_a_bucket(&bucket, |folder| files_below(&server.folder.path().join("bucket").join(folder)));
    let mut command = bucket.command(&server.address, &format!("{BACKFILL} -v"));
    let ran: Ran = command.env("AWS_SECRET_ACCESS_KEY", "nor-this-token").output().unwrap().into();
    assert_eq!(ran.code, 3, "{ran:#?}");
    holds(&ran.error(), &["s3://bucket"]);
    shows_no_secret("an error", format!("{}{}", ran.stdout, ran.stderr).as_bytes());
}
